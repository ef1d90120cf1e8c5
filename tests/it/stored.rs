//! Arrays that stay on the disk: the same batches, and the same training, as in memory.

use std::fs;
use std::path::Path;

use ndarray::{Array2, ArrayD, s};
use nn::data::{Stored, read_npy};
use nn::{Activation, Dataset, Mlp, Sgd, Trainer, loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;

fn table() -> Array2<f64> {
    Array2::from_shape_fn((23, 4), |(i, j)| (i * 5 + j) as f64 * 0.25 - 7.0)
}

fn npy(path: &Path, array: &ArrayD<f64>) {
    let shape: Vec<String> = array.shape().iter().map(usize::to_string).collect();
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}\n", shape.join(", "));
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(array.iter().flat_map(|x| x.to_le_bytes()));
    fs::write(path, bytes).unwrap();
}

fn csv(path: &Path, rows: &Array2<f64>) {
    let lines = rows.rows().into_iter().map(|row| row.iter().map(f64::to_string).collect::<Vec<_>>().join(", "));
    fs::write(path, "a,b,c,d\n".to_owned() + &lines.collect::<Vec<_>>().join("\r\n\n")).unwrap();
}

/// The table as one file, and as folders of arrays and of tables.
fn all(folder: &Path) -> Vec<Stored<f64>> {
    let table = table();
    npy(&folder.join("whole.npy"), &table.clone().into_dyn());
    assert_eq!(read_npy::<f64>(folder.join("whole.npy")).unwrap(), table.clone().into_dyn());
    for kind in ["arrays", "tables"] {
        fs::create_dir(folder.join(kind)).unwrap();
    }
    for (k, rows) in [0..10, 10..11, 11..23].into_iter().enumerate() {
        let rows = table.slice(s![rows, ..]).to_owned();
        npy(&folder.join(format!("arrays/{k}.npy")), &rows.clone().into_dyn());
        csv(&folder.join(format!("tables/{k}.csv")), &rows);
    }
    let folders = ["arrays", "tables"].map(|kind| Stored::folder(folder.join(kind)).unwrap());
    [Stored::npy(folder.join("whole.npy")).unwrap()].into_iter().chain(folders).collect()
}

fn in_memory() -> Dataset<f64> {
    let table = table();
    Dataset::new(table.slice(s![.., ..3]).to_owned(), table.slice(s![.., 3..]).to_owned()).unwrap()
}

#[test]
fn batches_and_training_are_those_of_memory() {
    let folder = tempdir().unwrap();
    for stored in all(folder.path()) {
        assert_eq!(stored.shape(), [23, 4]);
        let data = Dataset::default().with_stored("inputs", stored.columns(0..3)).unwrap();
        let data = data.with_stored("targets", stored.columns(1..4).columns(2..3)).unwrap();
        let memory = in_memory();
        let same = |a: &Dataset<f64>, b: &Dataset<f64>, items: &[usize]| {
            let (a, b) = (a.batch(items), b.batch(items));
            assert_eq!((a.inputs().view(), a.targets().view()), (b.inputs().view(), b.targets().view()));
        };
        same(&data, &memory, &[22, 0, 10, 11, 9, 9]);
        assert_eq!(data.whole().inputs().view(), memory.whole().inputs().view());
        let split = |data: &Dataset<f64>| data.split(0.7, &mut ChaCha8Rng::seed_from_u64(4)).unwrap();
        let ((a, b), (c, d)) = (split(&data), split(&memory));
        same(&a, &c, &[3, 1]);
        same(&b, &d, &[0, 5]);
        let train = |train: &Dataset<f64>, valid: &Dataset<f64>| {
            let model = Mlp::<f64>::new(&[3, 4, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
            let mut trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.01)).epochs(3).batch_size(5).parts(2);
            trainer.fit(train, valid).unwrap().epochs
        };
        assert_eq!(train(&a, &b), train(&c, &d));
    }
}

#[test]
fn a_run_on_the_disk_is_kept_and_goes_on() {
    let (folder, kept) = (tempdir().unwrap(), tempdir().unwrap());
    let stored = all(folder.path()).remove(0);
    let data = Dataset::default().with_stored("inputs", stored.columns(0..3)).unwrap();
    let data = data.with_stored("targets", stored.columns(3..4)).unwrap();
    let train = |epochs| {
        let model = Mlp::<f64>::new(&[3, 4, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
        let trainer = Trainer::new(model, loss::squared_error, Sgd::new(0.01)).epochs(epochs).progress(false);
        trainer.checkpoints(kept.path()).fit(&data, &data)
    };
    train(2).unwrap();
    let continued = train(4).unwrap();
    assert_eq!(continued.epochs.len(), 4);
    npy(&folder.path().join("whole.npy"), &table().mapv(|x| x + 1.0).into_dyn());
    assert!(train(5).unwrap_err().to_string().contains("other training data"));
}

fn message<T>(result: nn::Result<T>) -> String {
    result.err().expect("an error").to_string()
}

#[test]
fn what_is_wrong_is_said_with_its_file() {
    let folder = tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    assert!(message(Stored::<f64>::npy(file("none.npy"))).contains("none.npy: cannot read"));
    assert!(message(Stored::<f64>::folder(folder.path())).contains("no files that end in .npy or .csv"));
    npy(&file("a.npy"), &table().into_dyn());
    fs::write(file("b.csv"), "1,2\n").unwrap();
    assert!(message(Stored::<f64>::folder(folder.path())).contains("both .npy and .csv files"));
    npy(&file("b.npy"), &table().slice(s![.., ..3]).to_owned().into_dyn());
    fs::remove_file(file("b.csv")).unwrap();
    let text = message(Stored::<f64>::folder(folder.path()));
    assert!(text.contains("a.npy have shape [4]") && text.contains("b.npy [3]"), "{text}");

    let bytes = fs::read(file("a.npy")).unwrap();
    fs::write(file("a.npy"), &bytes[..bytes.len() - 1]).unwrap();
    let text = message(Stored::<f64>::npy(file("a.npy")));
    assert!(text.contains("735 bytes follow, expected numbers for the shape [23, 4]"), "{text}");

    // What is found out when it is read.
    let mut holed = table();
    holed[[7, 2]] = f64::NAN;
    npy(&file("a.npy"), &holed.into_dyn());
    let fit = |stored: Stored<f64>| {
        let data = in_memory().with_stored("inputs", stored).unwrap();
        let model = Mlp::<f64>::new(&[4, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(3));
        message(Trainer::new(model, loss::squared_error, Sgd::new(0.01)).progress(false).fit(&data, &in_memory()))
    };
    let text = fit(Stored::npy(file("a.npy")).unwrap());
    assert!(text.contains("a.npy: number 2 of row 7 is NaN, expected a finite number"), "{text}");
    fs::create_dir(file("t")).unwrap();
    let lines: Vec<String> =
        (0..23).map(|i| if i == 4 { "1,2,x,4".to_owned() } else { "1,2,3,4".to_owned() }).collect();
    fs::write(file("t/a.csv"), lines.join("\n")).unwrap();
    let text = fit(Stored::folder(file("t")).unwrap());
    assert!(text.contains("a.csv: byte 32: \"x\", expected a number"), "{text}");
    fs::write(file("t/a.csv"), lines.join("\n").replace('x', "3,3")).unwrap();
    let text = fit(Stored::folder(file("t")).unwrap());
    assert!(text.contains("expected a line of 4 numbers"), "{text}");
}
