//! What holds for every file of the catalogue before any of them runs.

use std::{collections::BTreeSet, fs, path::Path};

use sleepwalker_scenarios::{catalogue, load, parse, profile};
use sleepwalker_sim::scenario::Overrides;

fn files() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("files");
    let mut all = BTreeSet::new();
    for theme in fs::read_dir(folder).expect("the catalogue's folder") {
        let theme = theme.expect("a theme").path();
        for file in fs::read_dir(&theme).expect("a theme's folder") {
            let file = file.expect("a file").path();
            let name =
                |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
            all.insert(format!("{}/{}", name(&theme).expect("named"), name(&file).expect("named")));
        }
    }
    all
}

#[test]
fn every_file_is_listed_and_every_name_is_its_own() {
    let listed: BTreeSet<String> = catalogue().iter().map(|entry| entry.path()).collect();
    assert_eq!(files(), listed);
    let names: BTreeSet<&str> = catalogue().iter().map(|entry| entry.name).collect();
    assert_eq!(catalogue().len(), names.len());
}

#[test]
fn every_scenario_of_the_catalogue_loads() {
    for entry in catalogue() {
        if let Err(error) = entry.load() {
            panic!("{}", error.render(false));
        }
    }
}

#[test]
fn every_scenario_shows_a_rule_and_expects_an_order() {
    for entry in catalogue() {
        let scenario = entry.load().expect("it loads");
        assert!(!scenario.shows.is_empty(), "{} shows nothing", entry.name);
        assert!(!scenario.expect.order.is_empty(), "{} expects nothing", entry.name);
    }
}

#[test]
fn every_profile_that_a_scenario_names_is_there() {
    for entry in catalogue() {
        let scenario = entry.load().expect("it loads");
        if let Some(name) = &scenario.profile {
            profile(name).expect("its profile");
        }
    }
}

#[test]
fn a_scenario_is_found_by_its_name_and_by_its_path() {
    let by_name = load("workflow-terminated").expect("by name");
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("files/lifecycle/workflow-terminated.toml");
    let by_path = load(path.to_str().expect("a path in Unicode")).expect("by path");
    assert_eq!(by_name.name, by_path.name);
    assert_eq!(by_name.hash, by_path.hash);
    assert_eq!(6, by_name.hash.len());
}

#[test]
fn a_name_that_is_not_there_is_told_with_the_nearest() {
    let error = load("workflow-terminatd").expect_err("misspelt");
    let text = error.render(false);
    assert!(text.contains("did you mean \"workflow-terminated\"?"), "{text}");
}

/// The page that documents the format is held by the loader: each whole scenario in it loads.
#[test]
fn the_sample_of_the_format_page_loads() {
    let page = include_str!("../FORMAT.md");
    let samples: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(sample, _)| sample))
        .filter(|sample| sample.starts_with("title"))
        .collect();
    assert_eq!(1, samples.len());
    for sample in samples {
        if let Err(error) = parse("sample", "FORMAT.md", sample) {
            panic!("{}", error.render(false));
        }
    }
}

#[test]
fn the_other_examples_of_the_format_page_load_in_a_scenario() {
    let page = include_str!("../FORMAT.md");
    for example in page.split("```toml\n").skip(1) {
        let example = example.split_once("```").expect("an end").0;
        if example.starts_with("title") {
            continue;
        }
        let origin = match example.contains("[origin.\"cdn.example\".files]") {
            true => "",
            false => "[origin.\"cdn.example\".files]\n\"/next\" = {}\n",
        };
        let text =
            format!("title = \"t\"\n{origin}{example}\n[[step]]\nat = \"0 s\"\nuser = \"open\"\n");
        if let Err(error) = parse("example", "FORMAT.md", &text) {
            panic!("{}", error.render(false));
        }
    }
}

#[test]
fn the_format_page_names_every_knob() {
    let page = include_str!("../FORMAT.md");
    for knob in Overrides::names() {
        assert!(page.contains(&format!("| `{knob}` |")), "{knob} is missing");
    }
}
