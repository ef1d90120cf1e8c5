//! The digits program from the outside: what it says of bad input, and that runs reproduce.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::tempdir;

/// `cargo test` builds the examples beside the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a running test");
    tests.ancestors().nth(2).expect("target/<profile>").join("examples/digits")
}

fn digits(arguments: &[&str], out: &Path, threads: &str) -> Output {
    let mut command = Command::new(program());
    command.args(arguments).arg("--out").arg(out).env("RAYON_NUM_THREADS", threads).output().expect("the program runs")
}

/// The program fails with one line on standard error, which is returned, and writes nothing.
#[track_caller]
fn refusal(arguments: &[&str]) -> String {
    let folder = tempdir().unwrap();
    let kept = folder.path().join("weights.safetensors");
    fs::write(&kept, "kept").unwrap();
    let output = digits(arguments, folder.path(), "2");
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    message.trim_end().to_owned()
}

#[test]
fn bad_tables_are_refused_in_words() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("digits.csv");
    let name = file.to_str().unwrap();
    let good = format!("{}7\n", "0,".repeat(64));
    let refused = |text: String| {
        fs::write(&file, text).unwrap();
        refusal(&["--data", name]).replace(name, "FILE")
    };
    assert_eq!(refused(String::new()), "digits: FILE: the file holds no rows; expected at least one row");
    assert_eq!(refused(format!("{good}{}", "0,".repeat(63) + "7\n")), "digits: FILE:2: 64 fields, expected 65");
    assert_eq!(refused(format!("{good}{good}0,{good}")), "digits: FILE:3: 66 fields, expected 65");
    let word = good.replacen("0,", "seven,", 1);
    let message = refused(good.clone() + &word);
    assert!(
        message.starts_with("digits: FILE:2: field 1 is \"seven\", expected a finite number as in line 1;"),
        "{message}"
    );
    let label = good.replace('7', "10");
    assert_eq!(refused(good.clone() + &label), "digits: FILE:2: field 65 is \"10\", expected a class from 0 to 9");
    assert_eq!(refused(good.clone()), "digits: data set: splitting 1 items at 0.8 leaves one part empty");
    fs::remove_file(&file).unwrap();
    let missing = refusal(&["--data", name]).replace(name, "FILE");
    assert_eq!(missing, "digits: FILE: cannot read: No such file or directory (os error 2)");
    assert_eq!(refusal(&["--rate", "inf"]), "digits: --rate inf: expected a finite number above 0");
}

#[test]
fn runs_reproduce_and_weights_are_read_again() {
    let folder = tempdir().unwrap();
    let quick = ["--epochs", "2", "--hidden", "6", "--seed", "5"];
    let run = |out: &Path, threads| {
        let output = digits(&quick, out, threads);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let line =
            |start: &str| text.lines().find(|line| line.starts_with(start)).expect("a line of the report").to_owned();
        assert!(line("gradient check: ").ends_with("PASS, 460 of 460 entries agree"));
        (line("final loss"), line("test accuracy"))
    };
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let first = run(&one, "1");
    assert_eq!(first, run(&one, "1"));
    assert_eq!(first, run(&two, "2"));
    for file in ["weights.safetensors", "history.csv", "curves.svg", "curves.png", "predictions.svg", "predictions.png"]
    {
        assert_eq!(fs::read(one.join(file)).unwrap(), fs::read(two.join(file)).unwrap(), "{file}");
    }

    let weights = one.join("weights.safetensors");
    let name = weights.to_str().unwrap();
    let again = digits(&["--epochs", "0", "--hidden", "6", "--seed", "5", "--weights", name], &two, "1");
    let text = String::from_utf8(again.stdout).unwrap();
    assert!(text.contains(&first.1), "{text}");
    let other = refusal(&["--hidden", "7", "--weights", name]).replace(name, "FILE");
    assert_eq!(other, "digits: FILE: `layers.0.weight` has shape [6, 64], the model needs [7, 64]");
    let whole = fs::read(&weights).unwrap();
    fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    let cut = refusal(&["--hidden", "6", "--weights", name]).replace(name, "FILE");
    assert!(cut.starts_with("digits: FILE: not a weights file: "), "{cut}");
}
