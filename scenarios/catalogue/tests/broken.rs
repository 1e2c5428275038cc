//! Broken files: each is told with its line, what was expected, and the nearest known word.

use sleepwalker_scenarios::{LoadError, Options, parse};

const GOOD: &str = "\
title = \"one\"
shows = [\"BG-LIFE-05\"]

[origin.\"cdn.example\".files]
\"/a\" = { size = \"3 MB\" }

[network]
path = \"wifi\"
latency = \"25 ms\"

[app]
sessions = [\"photos\"]

[app.files]
\"photo.jpg\" = \"2 MB\"

[[step]]
at = \"0 s\"
user = \"open\"
[[step]]
after = \"1 s\"
app = { download = \"cdn.example/a\", session = \"photos\" }

[expect]
order = [\"didFinishDownloadingTo x1\"]
findings = []
";

/// Changes one line of a good file, and returns what is said about it.
fn broken(good: &str, bad: &str) -> LoadError {
    assert!(GOOD.contains(good), "{good}");
    let text = GOOD.replacen(good, bad, 1);
    let error = parse("mine", "mine.toml", &text).expect_err(bad);
    assert!(!error.problems().is_empty());
    error
}

fn line_of(text: &str) -> usize {
    let at = GOOD.find(text).expect("a part of the file");
    GOOD[..at].matches('\n').count() + 1
}

#[track_caller]
fn told(good: &str, bad: &str, says: &str) {
    let error = broken(good, bad);
    assert!(error.to_string().contains(says), "{error}");
    assert_eq!(line_of(good), error.problems()[0].line, "{error}");
    let rendered = error.render(false);
    assert!(rendered.contains("mine.toml:"), "{rendered}");
    assert!(!rendered.contains('\u{1b}'), "a plain text has no colours: {rendered}");
}

#[test]
fn the_good_file_is_good() {
    if let Err(error) = parse("mine", "mine.toml", GOOD) {
        panic!("{}", error.render(false));
    }
}

#[test]
fn unknown_keys_are_told_with_the_nearest() {
    told("latency", "latancy", "did you mean `latency`?");
    told("shows", "show", "did you mean `shows`?");
    told("size", "siez", "did you mean `size`?");
    told("sessions =", "session =", "did you mean `sessions`?");
    told("after =", "aftr =", "did you mean `after`?");
    told("order", "oder", "did you mean `order`?");
    told("session = \"photos\"", "sesion = \"photos\"", "did you mean `session`?");
}

#[test]
fn bad_units_are_told_with_what_was_expected() {
    told("3 MB", "3 mb", "a size such as");
    told("25 ms", "25 milliseconds", "a span such as");
    told("1 s", "one second", "a span such as");
    told("2 MB", "2", "a size such as");
}

#[test]
fn a_value_of_another_type_is_told() {
    told("\"25 ms\"", "25", "found a number, expected a span");
    told("[\"photos\"]", "\"photos\"", "found a text, expected an array of sessions");
    told("path = \"wifi\"", "path = true", "expected `none`, `wifi` or `cellular`");
}

#[test]
fn unknown_words_are_told_with_the_nearest() {
    told("\"wifi\"", "\"wiffi\"", "did you mean `wifi`?");
    told("user = \"open\"", "user = \"opne\"", "did you mean `open`?");
    told("BG-LIFE-05", "BG-LIFE-99", "no modelled rule is named");
    told(
        "didFinishDownloadingTo x1",
        "didFinishDownloading",
        "did you mean `didFinishDownloadingTo`?",
    );
}

#[test]
fn impossible_steps_are_told() {
    told("session = \"photos\"", "session = \"photo\"", "the app has no session \"photo\"");
    told("cdn.example/a\"", "cdn.example/b\"", "has no file \"/b\"");
    told("cdn.example/a\"", "cnd.example/a\"", "did you mean `cdn.example`?");
    told("didFinishDownloadingTo x1", "didFinishDownloadingTo x0", "a count of at least x1");
    told(
        "download = \"cdn.example/a\"",
        "upload = \"cdn.example/a\", file = \"phot.jpg\"",
        "did you mean `photo.jpg`?",
    );
    let download = "download = \"cdn.example/a\", session = \"photos\"";
    told(download, "delete-file = \"phot.jpg\"", "did you mean `photo.jpg`?");
    let edit = "edit-configuration = { name = \"photo\", allows-cellular = false }";
    told(download, edit, "the app has no session \"photo\"");
    told("cdn.example/a\"", "gopher://cdn.example/a\"", "data, file and ftp");
}

#[test]
fn what_no_origin_and_no_device_can_be_is_told() {
    let requires = "size = \"3 MB\", requires = { \"a b\" = \"c\" }";
    told("size = \"3 MB\"", requires, "\"a b\" is no header field");
    let redirect = |status: u16| format!("redirect = {{ to = \"/b\", status = {status} }}");
    told("size = \"3 MB\"", &redirect(200), "200 is no status of a redirect");
    told("size = \"3 MB\"", &redirect(304), "304 is no status of a redirect");
    let both = format!("status = 404, {}", redirect(307));
    told("size = \"3 MB\"", &both, "two answers");
    let step = "[[step]]\nafter = \"1 s\"\n";
    let other = "create-session = { name = \"photos\", kind = \"in-process\" }";
    let text = GOOD.replacen("[expect]", &format!("{step}app = {{ {other} }}\n[expect]"), 1);
    let error = parse("mine", "mine.toml", &text).expect_err("another kind");
    assert!(error.to_string().contains("is of another kind"), "{error}");
    let text = format!("{GOOD}\n[device]\nstoring = \"soon\"\n");
    let error = parse("mine", "mine.toml", &text).expect_err("no span");
    assert!(error.to_string().contains("a span such as"), "{error}");
    assert_eq!(text.lines().count(), error.problems()[0].line, "{error}");
}

#[test]
fn a_step_has_exactly_one_trigger_and_one_actor() {
    let error = broken("after = \"1 s\"", "after = \"1 s\"\nat = \"2 s\"");
    assert!(error.to_string().contains("`at` and `after`"), "{error}");
    let error = broken("at = \"0 s\"\n", "");
    assert!(error.to_string().contains("a step without a trigger"), "{error}");
    let error = broken("user = \"open\"", "user = \"open\"\nos = \"crash\"");
    assert!(error.to_string().contains("`user` and `os`"), "{error}");
    let error = broken("user = \"open\"\n", "");
    assert!(error.to_string().contains("a step without an actor"), "{error}");
}

#[test]
fn a_step_does_not_lie_before_the_one_above_it() {
    let later = GOOD.replacen("at = \"0 s\"", "at = \"5 s\"", 1).replacen(
        "after = \"1 s\"",
        "at = \"4 s\"",
        1,
    );
    let error = parse("mine", "mine.toml", &later).expect_err("it goes back");
    assert!(error.to_string().contains("lies before the one above it"), "{error}");
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    let error = broken("title = \"one\"", "title = \"one");
    assert_eq!(1, error.problems()[0].line, "{error}");
    assert!(error.to_string().contains("not TOML"), "{error}");
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_in_order() {
    let text = GOOD
        .replacen("latency", "latancy", 1)
        .replacen("3 MB", "3 mb", 1)
        .replacen("\"open\"", "\"opne\"", 1);
    let error = parse("mine", "mine.toml", &text).expect_err("three things are wrong");
    let lines: Vec<usize> = error.problems().iter().map(|problem| problem.line).collect();
    assert!(lines.len() >= 3, "{error}");
    assert!(lines.is_sorted(), "{error}");
}

#[test]
fn a_column_counts_characters_from_one() {
    let error = broken("path = \"wifi\"", "path = \"wiffi\"");
    assert_eq!((8, 8), (error.problems()[0].line, error.problems()[0].column));
}

#[test]
fn an_empty_file_lacks_a_title_and_steps() {
    let error = parse("mine", "mine.toml", "").expect_err("nothing");
    assert_eq!(2, error.problems().len(), "{error}");
    assert!(!error.render(true).is_empty());
}

#[test]
fn a_budget_that_the_file_itself_passes_is_told_with_its_line() {
    let text = format!("{GOOD}\n[budget]\nsteps = 1\n");
    let error = parse("mine", "mine.toml", &text).expect_err("two steps");
    assert!(error.to_string().contains("2 steps are more than the budget of 1"), "{error}");
    assert_eq!(text.lines().count(), error.problems()[0].line);
    assert!(parse("mine", "mine.toml", &format!("{GOOD}\n[budget]\nsteps = 2\n")).is_ok());
}

#[test]
fn habits_and_knobs_are_told_with_the_nearest() {
    let habit = |line: &str| {
        let text = format!("{GOOD}\n[app.habits]\n{line}\n");
        parse("mine", "mine.toml", &text)
    };
    assert!(habit("status-check = \"off\"").is_ok());
    assert!(habit("status-check = false").is_ok());
    assert!(habit("next = 2").is_ok());
    let error = habit("handlr = \"never\"").expect_err("misspelt");
    assert!(error.to_string().contains("did you mean `handler`?"), "{error}");
    let error = habit("handler = \"nevr\"").expect_err("misspelt");
    assert!(error.to_string().contains("did you mean `never`?"), "{error}");
    let knob = |line: &str| parse("mine", "mine.toml", &format!("{GOOD}\n[knobs]\n{line}\n"));
    assert!(knob("wake-window = \"45 s\"").is_ok());
    let error = knob("wake-windw = \"45 s\"").expect_err("misspelt");
    assert!(error.to_string().contains("did you mean `wake-window`?"), "{error}");
    let error = knob("wake-window = \"45 parsecs\"").expect_err("no unit");
    assert_eq!(GOOD.lines().count() + 3, error.problems()[0].line, "{error}");
}

#[test]
fn all_wrong_keys_of_one_table_are_told_and_what_it_names_is_not_missed_besides() {
    let error = broken(
        "{ size = \"3 MB\" }",
        "{ siez = \"3 MB\", rate = \"fast\", etag = 3, cut = { aftr = \"1 MB\" } }",
    );
    let text = error.to_string();
    for says in ["`siez`", "\"fast\"", "`aftr`", "true, false or a word"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(!text.contains("has no file"), "{text}");
    let session = "[{ name = \"photos\", kind = \"backgroud\" }]";
    let text = broken("[\"photos\"]", session).to_string();
    assert!(text.contains("`backgroud`") && !text.contains("no session"), "{text}");
}

#[test]
fn knobs_with_which_nothing_could_go_on_are_told() {
    let good = "[network]\n";
    for (knob, expected) in [
        ("throughput-window = \"0 s\"", "expected a span of at least 1 ms"),
        ("retry-initial = \"0 s\"", "expected a span of at least 1 ms"),
        ("concurrent-transfers = 0", "expected a number from 1 on"),
        ("discretionary-wifi-until = 1001", "expected thousandths: a number from 0 to 1000"),
    ] {
        let error = broken(good, &format!("[knobs]\n{knob}\n{good}"));
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(line_of(good) + 1, error.problems()[0].line, "{error}");
    }
}

#[test]
fn requests_that_http_cannot_carry_are_told() {
    let good = "session = \"photos\" }";
    for (option, says) in [
        ("method = \"GE T\"", "\"GE T\" is no method"),
        ("method = \"\"", "\"\" is no method"),
        ("headers = { \"a b\" = \"c\" }", "is no header field"),
        ("headers = { a = \"c\\nd\" }", "is no header field"),
    ] {
        told(good, &format!("session = \"photos\", {option} }}"), says);
    }
    for host in ["cdn.example:0", "cdn.example:65536", "cdn.example:x", "CDN.example"] {
        let error = broken("[origin.\"cdn.example\"", &format!("[origin.\"{host}\""));
        assert!(error.to_string().contains("is no host"), "{host}: {error}");
    }
}

#[test]
fn a_file_that_is_not_text_is_told_with_the_place_of_the_first_wrong_byte() {
    let path = std::env::temp_dir().join(format!("sleepwalker-{}.toml", std::process::id()));
    let mut bytes = GOOD.as_bytes().to_vec();
    let at = GOOD.find("photo.jpg").expect("a part of the file");
    bytes[at] = 0xff;
    std::fs::write(&path, bytes).expect("a temporary file");
    let name = path.display().to_string();
    let error = sleepwalker_scenarios::load(&name).expect_err("it is not UTF-8");
    std::fs::remove_file(&path).expect("it is there");
    let line = line_of("photo.jpg");
    assert_eq!(error.to_string(), format!("{name}:{line}:2: not text: byte 0xff, expected UTF-8"));
}

#[test]
fn what_goes_round_in_one_instant_ends_at_its_budget() {
    let reaction = "[[app.reactions]]\nwhen = \"getAllTasks\"\n\
                    do = { get-all-tasks = \"photos\" }\n[budget]\nevents = 500\n";
    let step = "\n[[step]]\nafter = \"1 s\"\napp = { get-all-tasks = \"photos\" }\n";
    let text = GOOD
        .replace("[[step]]\nat", &format!("{reaction}[[step]]\nat"))
        .replace("\n[expect]", &format!("{step}[expect]"));
    let scenario = parse("mine", "mine.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    let outcome = sleepwalker_scenarios::run(&scenario, &Options::default()).expect("a profile");
    assert!(outcome.is_unusable(), "{}", outcome.text());
    assert!(outcome.text().contains("its budget of 500 events"), "{}", outcome.text());
    assert!(outcome.trace.events.len() <= 600, "{}", outcome.trace.events.len());
}
