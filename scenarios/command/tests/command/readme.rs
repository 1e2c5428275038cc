//! Executes the five-minute path of the README as a reader would.

use std::{fs, path::Path, process::Command};

use crate::common::{Called, root};

const BEGIN: &str = "<!-- five minutes: begin -->";
const END: &str = "<!-- five minutes: end -->";

/// Returns the shell blocks between the marks, one script each.
fn scripts() -> Vec<String> {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let (_, rest) = readme.split_once(BEGIN).expect("the path has a begin");
    let (path, _) = rest.split_once(END).expect("the path has an end");
    let blocks = path.split("```sh\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

fn shell(script: &str, folder: &Path) -> Called {
    let command = Path::new(env!("CARGO_BIN_EXE_sleepwalker"));
    let path = format!(
        "{}:/usr/local/bin:/usr/bin:/bin",
        command.parent().expect("it lies in a folder").display()
    );
    let output = Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .expect("there is a shell");
    output.into()
}

#[cfg(unix)]
#[test]
fn the_five_minute_path_ends_where_the_readme_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = root().canonicalize().expect("the root is there");
    std::os::unix::fs::symlink(root.join("scenarios"), folder.path().join("scenarios"))
        .expect("linked");
    let scripts = scripts();
    assert_eq!(scripts.len(), 2, "{scripts:?}");

    let first = shell(&scripts[0], folder.path());
    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    assert!(first.stdout.ends_with("1 scenario as expected\n"), "{}", first.stdout);

    let second = shell(&scripts[1], folder.path());
    assert_eq!(second.code, 0, "{}{}", second.stdout, second.stderr);
    for part in ["R06 broke at", "fix: ", "replay: sleepwalker run mine.toml", "exit code 1"] {
        assert!(second.stdout.contains(part), "{part} is not in {}", second.stdout);
    }
    let page = fs::read_to_string(folder.path().join("mine.html")).expect("the page");
    assert!(page.contains("R06"));
}
