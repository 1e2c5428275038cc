//! Worlds of hours and days, as scenario files made from a few numbers.

use sleepwalker_scenarios::{Options, Outcome, parse, run};
use sleepwalker_sim::scenario::Scenario;

/// A week in which the app lies idle, with a path that comes and goes.
pub fn idle_week() -> Scenario {
    let mut text = head("an idle week", "20 Mbit/s", "\"/a\" = { size = \"1 kB\" }\n");
    text.push_str(
        "[[step]]\nat = \"0 s\"\nuser = \"open\"\n[[step]]\nat = \"10 s\"\nuser = \"home\"\n",
    );
    for day in 0..7 {
        text.push_str(&path_step(&format!("{day} d 8 h"), "none"));
        text.push_str(&path_step(&format!("{day} d 20 h"), "wifi"));
    }
    made("idle-week", &text)
}

/// A week with 42 downloads of a size, one every four hours, while the path is lost in mid-body and
/// comes back 20 minutes later.
pub fn busy_week(size: &str) -> Scenario {
    let files: String = (0..42).map(|n| format!("\"/f{n}\" = {{ size = \"{size}\" }}\n")).collect();
    let mut text = head("a busy week", "20 Mbit/s", &files);
    text.push_str("[[step]]\nat = \"0 s\"\nuser = \"open\"\n");
    for n in 0..42 {
        let hours = n * 4;
        let (day, hour) = (hours / 24, hours % 24);
        text.push_str(&format!(
            "[[step]]\nat = \"{day} d {hour} h 1 s\"\n\
             app = {{ download = \"cdn.example/f{n}\", session = \"photos\" }}\n"
        ));
        text.push_str(&path_step(&format!("{day} d {hour} h 1 s 120 ms"), "none"));
        text.push_str(&path_step(&format!("{day} d {hour} h 20 min"), "wifi"));
    }
    made("busy-week", &text)
}

/// One download that takes twelve hours at 0.1 Mbit/s.
pub fn trickle() -> Scenario {
    let mut text = head("a trickle", "100 kbit/s", "\"/f\" = { size = \"540 MB\" }\n");
    text.push_str("[[step]]\nat = \"0 s\"\nuser = \"open\"\n");
    text.push_str(
        "[[step]]\nat = \"1 s\"\napp = { download = \"cdn.example/f\", session = \"photos\" }\n",
    );
    made("trickle", &text)
}

/// One download of so many megabytes at unlimited rate, without latency.
pub fn bulk(megabytes: u64) -> Scenario {
    let file = format!("\"/f\" = {{ size = \"{megabytes} MB\" }}\n");
    let mut text = head("bulk", "unlimited", &file).replace("\"25 ms\"", "\"0 ms\"");
    text.push_str("[[step]]\nat = \"0 s\"\nuser = \"open\"\n");
    text.push_str(
        "[[step]]\nat = \"1 s\"\napp = { download = \"cdn.example/f\", session = \"photos\" }\n",
    );
    made("bulk", &text)
}

/// Runs a world to its end.
///
/// # Panics
///
/// If it did not end well: a figure of a world that failed means nothing.
pub fn finish(scenario: &Scenario) -> Outcome {
    let outcome = run(scenario, &Options::default()).expect("the default profile is there");
    assert!(outcome.passed(), "{}", outcome.text());
    outcome
}

fn head(title: &str, rate: &str, files: &str) -> String {
    format!(
        "title = \"{title}\"\n\n[origin.\"cdn.example\".files]\n{files}\n\
         [network]\npath = \"wifi\"\nrate = \"{rate}\"\nlatency = \"25 ms\"\n\n\
         [device]\npower = true\n\n[app]\nsessions = [\"photos\"]\n\n\
         [budget]\nbytes = \"20 GB\"\n\n"
    )
}

fn path_step(at: &str, path: &str) -> String {
    format!("[[step]]\nat = \"{at}\"\nnetwork = {{ path = \"{path}\" }}\n")
}

fn made(name: &str, text: &str) -> Scenario {
    parse(name, &format!("{name}.toml"), text)
        .unwrap_or_else(|error| panic!("{}", error.render(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_world_of_the_corpus_ends_well() {
        for scenario in [idle_week(), busy_week("64 kB"), bulk(10)] {
            finish(&scenario);
        }
    }
}
