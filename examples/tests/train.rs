//! The train program from the outside: a table is fitted, interrupted, resumed and predicted; mistakes are told in words.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::tempdir;

fn program() -> PathBuf {
    let tests = std::env::current_exe().expect("a running test");
    tests.ancestors().nth(2).expect("target/<profile>").join("examples/train")
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name).to_str().unwrap().to_owned()
}

fn train(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().expect("the program runs")
}

#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = train(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The program's one line on standard error.
#[track_caller]
fn refusal(arguments: &[&str]) -> String {
    let output = train(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?}");
    assert_eq!(message.lines().count(), 1, "{message}");
    message.trim_end().to_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_table_of_classes_is_fitted_and_predicted() {
    let folder = tempdir().unwrap();
    let run = folder.path().join("run");
    let fit = ["fit", &data("iris.csv"), "--target", "species", "--hidden", "8", "--epochs", "40", "--out", text(&run)];
    let said = succeeds(&fit);
    assert!(said.starts_with("105 rows to train on, 23 to stop by, 22 to test on; `species` is 3 classes\n"), "{said}");
    let report = fs::read_to_string(run.join("report.txt")).unwrap();
    let accuracy = report.lines().find_map(|line| line.trim().strip_prefix("accuracy: ")).expect("a line");
    assert!(accuracy.parse::<f64>().unwrap() > 0.85, "{report}");
    let files = ["weights.safetensors", "history.csv", "run.json"];
    let pictures = ["curves.png", "curves.svg", "confusion.png", "confusion.svg"];
    assert!(files.iter().chain(&pictures).all(|file| run.join(file).exists()));
    assert!(!run.join("unfinished").exists());

    // New rows have no target, and their columns stand in another order.
    let new = folder.path().join("new.csv");
    fs::write(&new, "petal_width,petal_length,sepal_length,sepal_width\n0.2,1.4,5.1,3.5\n2.3,6.0,7.1,3.1\n").unwrap();
    assert!(succeeds(&["predict", text(&run), text(&new)]).starts_with("2 predictions are in "));
    let predictions = fs::read_to_string(run.join("predictions.csv")).unwrap();
    let rows: Vec<&str> = predictions.lines().collect();
    assert_eq!(rows[0], "species,probability of setosa,probability of versicolor,probability of virginica");
    assert!(rows[1].starts_with("setosa,0.") && rows[2].starts_with("virginica,0."), "{predictions}");

    let name = text(&run);
    assert_eq!(
        refusal(&fit),
        format!(
            "train: {name} holds a run already: `resume {name}` goes on with it; --out another folder for a new one"
        )
    );
    assert_eq!(refusal(&["resume", name]), format!("train: {name} is finished; `predict` uses it"));
    fs::write(&new, "petal_width,petal_length\n0.2,1.4\n").unwrap();
    assert!(refusal(&["predict", name, text(&new)]).contains("sepal_length"));
}

#[test]
fn a_column_of_many_numbers_is_a_regression() {
    let folder = tempdir().unwrap();
    let run = folder.path().join("run");
    let table = data("diabetes.csv");
    let said =
        succeeds(&["fit", &table, "--target", "progression", "--hidden", "0", "--epochs", "20", "--out", text(&run)]);
    assert!(said.contains("`progression` is a number") && said.contains("R²: "), "{said}");
    assert!(said.contains("network 10-1 without a hidden layer, a linear model, 11 weights\n"), "{said}");
    succeeds(&["predict", text(&run), &table, "--out", text(&folder.path().join("p.csv"))]);
    let predictions = fs::read_to_string(folder.path().join("p.csv")).unwrap();
    assert_eq!(predictions.lines().next(), Some("progression"));
    let values: Vec<f64> = predictions.lines().skip(1).map(|line| line.parse().unwrap()).collect();
    assert_eq!(values.len(), 442);
    // In the table's units, not in standard deviations.
    let mean = values.iter().sum::<f64>() / 442.0;
    assert!((130.0..175.0).contains(&mean), "{mean}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_a_run_that_resume_ends_with_the_same_bits() {
    let folder = tempdir().unwrap();
    let [whole, broken] = ["whole", "broken"].map(|name| folder.path().join(name));
    let table = data("iris.csv");
    let fit = |run: &Path| {
        let mut command = Command::new(program());
        command.args(["fit", &table, "--target", "species", "--epochs", "60", "--patience", "60", "--out", text(run)]);
        command
    };
    assert!(fit(&whole).output().unwrap().status.success());
    let child = fit(&broken).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (start, checkpoint) = (Instant::now(), broken.join("unfinished/checkpoint.safetensors"));
    while !checkpoint.exists() && start.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    // Quick machines may be done by then.
    if output.status.code() == Some(130) {
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with("interrupted in epoch "), "{said}");
        assert!(said.ends_with(&format!("`resume {}` does so\n", broken.display())), "{said}");
        assert!(refusal(&["predict", text(&broken), &table]).ends_with(" first"));
        succeeds(&["resume", text(&broken)]);
    }
    for file in ["weights.safetensors", "history.csv", "curves.svg", "confusion.png"] {
        assert_eq!(fs::read(whole.join(file)).unwrap(), fs::read(broken.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn mistakes_are_told_in_words() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    let fit = |more: &[&str]| {
        let table = data("iris.csv");
        let message = refusal(&[&["fit", &table, "--out", text(&out)], more].concat()).replace(&table, "TABLE");
        assert!(!out.exists(), "nothing is left behind: {message}");
        message
    };
    assert!(fit(&["--target", "colour"]).contains("colour"));
    assert_eq!(
        fit(&["--target", "species", "--task", "regress"]),
        "train: column `species` holds words, expected numbers for a regression"
    );
    assert_eq!(fit(&["--target", "1", "--rate", "0"]), "train: --rate 0: expected a finite number above 0");
    assert_eq!(
        fit(&["--target", "1", "--hidden", "4,0"]),
        "train: --hidden: expected 1 or more units in each layer, or 0 alone for no hidden layer"
    );
    let nowhere = refusal(&["predict", text(&out), &data("iris.csv")]).replace(text(&out), "RUN");
    assert!(nowhere.starts_with("train: RUN/run.json: ") && nowhere.ends_with("; expected the folder of a `fit`"));
}

/// A table of three columns: a number that is 0 in three rows of five and 10 in others, a category, and what they decide.
fn table(lacks: impl Fn(usize, usize) -> bool) -> String {
    let mut text = "size,kind,answer\n".to_owned();
    for row in 0..100 {
        let size = if row % 5 < 3 { "0" } else { "10" };
        let kind = if row % 3 == 0 { "rare" } else { "common" };
        let cells = [size, kind, if row % 5 < 3 { "no" } else { "yes" }];
        let cells: Vec<&str> = (0..3).map(|column| if lacks(row, column) { "" } else { cells[column] }).collect();
        text += &(cells.join(",") + "\n");
    }
    text
}

#[test]
fn missing_values_are_left_out_or_filled_in() {
    let folder = tempdir().unwrap();
    let (data, new) = (folder.path().join("t.csv"), folder.path().join("new.csv"));
    // The first row lacks everything, and some rows their target.
    fs::write(&data, table(|row, column| row == 0 || row % 7 == column && column < 2 || row % 40 == 1)).unwrap();
    fs::write(&new, "kind,size\ncommon,0\n,10\nrare,?\n").unwrap();
    let fit = |more: &[&str], out: &str| {
        let base = ["fit", text(&data), "--target", "answer", "--hidden", "4", "--epochs", "5", "--out", out];
        [&base, more].concat().into_iter().map(str::to_owned).collect::<Vec<String>>()
    };
    let run = folder.path().join("refused");
    let refused = fit(&[], text(&run));
    let message = refusal(&refused.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(
        message.ends_with(
            "t.csv:2: field 1 (size) is \"\", expected a number or a category; fill in the value or leave out the row"
        ),
        "{message}"
    );

    for (how, predicted) in [("drop", [true, false, false]), ("mean", [true; 3]), ("median", [true; 3])] {
        let run = folder.path().join(how);
        let said = succeeds(&fit(&["--missing", how], text(&run)).iter().map(String::as_str).collect::<Vec<_>>());
        let used: usize = said.split(' ').filter_map(|word| word.parse::<usize>().ok()).take(3).sum();
        let complete = (0..100).filter(|row| row % 40 != 1 && *row != 0);
        let expected = complete.filter(|row| how != "drop" || row % 7 > 1).count();
        assert_eq!(used, expected, "{how}: {said}");
        let saved: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(run.join("run.json")).unwrap()).unwrap();
        let fills: Vec<f64> = saved["fills"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        match how {
            "drop" => assert!(fills.is_empty(), "{fills:?}"),
            // Then common, and rare.
            "median" => assert_eq!(fills, [0.0, 1.0, 0.0]),
            _ => assert!((3.0..5.0).contains(&fills[0]) && fills[1..] == [1.0, 0.0], "{fills:?}"),
        }
        succeeds(&["predict", text(&run), text(&new)]);
        let predictions = fs::read_to_string(run.join("predictions.csv")).unwrap();
        let rows: Vec<&str> = predictions.lines().skip(1).collect();
        assert_eq!(rows.iter().map(|row| *row != ",,").collect::<Vec<_>>(), predicted, "{how}: {predictions}");
    }
    // Without the option new tables are complete, too.
    fs::write(&data, table(|_, _| false)).unwrap();
    let run = folder.path().join("complete");
    succeeds(&fit(&[], text(&run)).iter().map(String::as_str).collect::<Vec<_>>());
    assert!(refusal(&["predict", text(&run), text(&new)]).contains("new.csv:3: field 1 (kind) is \"\""));
}

#[test]
fn tables_that_cannot_be_learnt_from_are_refused_in_words() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("t.csv"), folder.path().join("run"));
    let fit = |content: &str, more: &[&str]| {
        fs::write(&data, content).unwrap();
        refusal(&[&["fit", text(&data), "--target", "t", "--out", text(&run)], more].concat())
            .replace(text(&data), "TABLE")
    };
    let rows = |x: &str, t: &str| "x,t\n".to_owned() + &format!("{x},{t}\n").repeat(20);
    let one = "expected at least two to tell apart";
    assert_eq!(fit(&rows("1", "a"), &[]), format!("train: column `t` has one class, `a`; {one}"));
    assert_eq!(fit(&rows("1", "3"), &[]), format!("train: column `t` has one class, `3`; {one}"));
    let large: Vec<String> = (0..20).map(|row| format!("{}e200,{row}.5\n", row + 1)).collect();
    let large = large.concat();
    let message = fit(&format!("x,t\n{large}"), &[]);
    assert!(message.starts_with("train: data set: feature 0 has mean ") && message.len() < 150, "{message}");
    let semicolons = rows("1", "a").replace(',', ";");
    let hint = "the fields seem to be separated by ';', not by ',': set the delimiter";
    assert_eq!(fit(&semicolons, &[]), format!("train: TABLE:1: {hint}"));
    assert_eq!(fit(&semicolons, &["--delimiter", ";"]), format!("train: column `t` has one class, `a`; {one}"));
    assert_eq!(fit("t\na\nb\n", &[]), "train: `t` is the only column, expected others as inputs");
    let nothing = fit("x,t\n,a\n,b\n", &["--missing", "mean"]);
    assert_eq!(nothing, "train: TABLE: column `x` has no values; leave it out");
    let control = fit("x,\u{1b}[31m\n1,2\n", &[]);
    assert!(control.contains("no column `t`") && !control.contains('\u{1b}'), "{control}");
    assert!(!run.exists());
}

#[test]
fn a_built_in_problem_writes_what_it_found() {
    let folder = tempdir().unwrap();
    let out = text(folder.path());
    let said = succeeds(&["iris", "--epochs", "3", "--hidden", "4", "--seeds", "2", "--out", out]);
    assert!(
        said.contains("iris: 120 items to train on, 30 to test on, the first of 5 folds; network 4-4-3, 35 weights")
    );
    assert!(said.contains("seed 2: accuracy ") && said.contains(" of 150\n2 seeds: mean "), "{said}");
    for file in ["curves.png", "confusion.svg", "weights.png", "weights.safetensors", "history.csv"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    assert!(!folder.path().join("unfinished").exists());
    // The same again, to the bit.
    let weights = || fs::read(folder.path().join("weights.safetensors")).unwrap();
    let first = weights();
    succeeds(&["iris", "--epochs", "3", "--hidden", "4", "--seed", "2", "--out", out]);
    assert_eq!(weights(), first);
}
