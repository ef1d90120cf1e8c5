//! Files that are cut short or damaged: every reader gives a result, without panics and without taking more memory than
//! the file's size explains.
//!
//! A binary of its own, because its allocator counts; without the usual harness, whose threads would be counted too.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use ndarray::ArrayD;
use nn::data::{Columns, Csv, Npz, read_idx, read_npy};
use nn::{Activation, Adam, Dataset, Layer, Mlp, Result, Trainer, loss};
use peak_alloc::PeakAlloc;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::{TempDir, tempdir};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// How often each file is damaged: four times as often with `LONG=1`.
fn corruptions() -> usize {
    if std::env::var_os("LONG").is_some() { 10_000 } else { 2500 }
}

fn main() {
    let tests: [(&str, fn()); 12] = [
        ("csv", csv),
        ("table", table),
        ("idx", idx),
        ("npy", npy),
        ("npz", npz),
        ("safetensors", safetensors),
        ("checkpoint", checkpoint),
        ("idx_headers_that_claim_too_much", idx_headers_that_claim_too_much),
        ("packed_files_that_claim_too_much", packed_files_that_claim_too_much),
        ("npy_headers_that_claim_too_much", npy_headers_that_claim_too_much),
        ("npz_entries_that_claim_too_much", npz_entries_that_claim_too_much),
        ("texts_of_many_columns_and_categories", texts_of_many_columns_and_categories),
    ];
    // As with the usual harness, arguments choose tests by parts of their names.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, test) in tests {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            test();
            println!("test {name} ... ok");
        }
    }
}

/// What a reader may take: this many times the file's size, and this many bytes besides.
#[derive(Clone, Copy)]
struct Allowance {
    times: usize,
    bytes: usize,
}

/// A path and an error's text; a buffer for lines besides; the work space of an inflation besides.
const PLAIN: usize = 4 << 10;
const TEXT: usize = 16 << 10;
const PACKED: usize = 128 << 10;

/// A place to write files to and a reader of them.
struct Bench<F> {
    file: PathBuf,
    allowance: Allowance,
    read: F,
    _folder: TempDir,
}

impl<R, F: Fn(&Path) -> Result<R>> Bench<F> {
    fn new(name: &str, allowance: Allowance, read: F) -> Self {
        let folder = tempdir().unwrap();
        Self { file: folder.path().join(name), allowance, read, _folder: folder }
    }

    /// What the reader says about a file with these bytes; it took no more memory than it may.
    #[track_caller]
    fn read(&self, bytes: &[u8]) -> Result<R> {
        self.write(bytes).unwrap();
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let result = (self.read)(&self.file);
        let taken = MEMORY.peak_usage() - before;
        let most = self.allowance.times * bytes.len() + self.allowance.bytes;
        assert!(taken <= most, "took {taken} bytes for a file of {}, at most {most} expected", bytes.len());
        if let Err(error) = &result {
            let message = error.to_string();
            assert!(message.contains(self.file.to_str().unwrap()), "the file is not named: {message}");
            assert!(message.len() < 1000, "a long message: {message}");
        }
        result
    }

    /// Writes over what is there: a file that is emptied first goes to disk at once, which takes a hundred times as long.
    fn write(&self, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = File::options().create(true).truncate(false).write(true).open(&self.file)?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)
    }

    /// Cut at every position: always an error.
    fn cut(&self, whole: &[u8]) {
        assert!(self.read(whole).is_ok());
        for length in 0..whole.len() {
            assert!(self.read(&whole[..length]).is_err(), "cut at {length}");
        }
    }

    /// Damaged at random places: says how often it was noticed.
    fn corrupt(&self, whole: &[u8]) -> usize {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        (0..corruptions()).filter(|_| self.read(&damaged(whole, &mut rng)).is_err()).count()
    }
}

/// A copy with one to four pieces of it overwritten, removed, doubled or filled in.
fn damaged(whole: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let start = rng.random_range(0..=bytes.len());
        let end = (start + rng.random_range(1..=8)).min(bytes.len());
        match rng.random_range(0..8) {
            0 => bytes[start..end].fill(0xff),
            1 => bytes[start..end].fill(0),
            2 => drop(bytes.drain(start..end)),
            3 => bytes.truncate(start),
            4 => rng.fill(&mut bytes[start..end]),
            5 => {
                let piece: Vec<u8> = (0..rng.random_range(1..=8)).map(|_| rng.random()).collect();
                bytes.splice(start..start, piece);
            }
            6 => {
                let piece = bytes[start..end].to_vec();
                bytes.splice(start..start, piece);
            }
            _ => bytes[start..end].iter_mut().for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
        }
    }
    bytes
}

fn shared(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// The first lines of a file.
fn head(name: &str, lines: usize) -> Vec<u8> {
    shared(name).split_inclusive(|&b| b == b'\n').take(lines).flatten().copied().collect()
}

fn csv() {
    let bench = Bench::new("t.csv", Allowance { times: 40, bytes: TEXT }, |file| Csv::new().read(file));
    let mut whole = head("examples/data/iris.csv", 8);
    whole.extend(b"6.2,3.4,5.4,2.3,\"virginica\"\n5.9,3.0,5.1,1.8,virginica\n");
    let all = bench.read(&whole).unwrap();
    let lines = |bytes: &[u8]| bytes.split(|&b| b == b'\n').filter(|line| !line.is_empty()).count();
    let header = lines(&head("examples/data/iris.csv", 1));
    for length in 0..whole.len() {
        // A text does not say where it ends; but only its last row can be taken for something else.
        let Ok(columns) = bench.read(&whole[..length]) else { continue };
        assert_eq!(columns.rows(), lines(&whole[..length]) - header);
        let rows = columns.rows() - 1;
        let first = |columns: &Columns| columns.columns()[0].values.clone();
        let nn::data::Values::Numbers(found) = first(&columns) else { panic!("numbers at {length}") };
        let nn::data::Values::Numbers(expected) = first(&all) else { panic!("numbers") };
        assert_eq!(found[..rows], expected[..rows]);
    }
    let noticed = bench.corrupt(&whole);
    assert!(noticed > corruptions() / 2, "{noticed}");
}

fn table() {
    let read = |file: &Path| Csv::new().header(false).classes(65, 10).read(file)?.dataset::<f64>(65);
    // As of any text of many columns and few rows.
    let bench = Bench::new("t.csv", Allowance { times: 150, bytes: TEXT }, read);
    let whole = head("examples/data/digits.csv", 4);
    for length in 0..whole.len() {
        let _ = bench.read(&whole[..length]);
    }
    let noticed = bench.corrupt(&whole);
    assert!(noticed > corruptions() / 2, "{noticed}");
}

fn idx() {
    let whole = shared("tests/data/images.idx");
    let bench = Bench::new("t.idx", Allowance { times: 12, bytes: PLAIN }, |file| read_idx::<f64>(file));
    bench.cut(&whole);
    bench.corrupt(&whole);
    let whole = shared("tests/data/images.idx.gz");
    let bench = Bench::new("t.idx.gz", Allowance { times: 12, bytes: PACKED }, |file| read_idx::<f64>(file));
    bench.cut(&whole);
    let noticed = bench.corrupt(&whole);
    assert!(noticed > corruptions() * 9 / 10, "{noticed}");
}

fn npy() {
    let bench = Bench::new("t.npy", Allowance { times: 12, bytes: PLAIN }, |file| read_npy::<f64>(file));
    for name in ["fortran.npy", "version2.npy"] {
        let whole = shared(&format!("tests/data/{name}"));
        bench.cut(&whole);
        bench.corrupt(&whole);
    }
}

fn read_npz(file: &Path) -> Result<Vec<ArrayD<f64>>> {
    let mut file = Npz::open(file)?;
    ["x", "t", "small", "large", "truth", "number", "empty"].iter().map(|name| file.array(name)).collect()
}

fn npz() {
    for name in ["plain.npz", "packed.npz"] {
        let whole = shared(&format!("tests/data/{name}"));
        let bench = Bench::new("t.npz", Allowance { times: 12, bytes: PACKED }, read_npz);
        bench.cut(&whole);
        let noticed = bench.corrupt(&whole);
        assert!(noticed > corruptions() * 6 / 10, "{noticed}");
    }
}

fn safetensors() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    let model = |seed| Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(seed));
    let weights = |model: &dyn Layer<f64>| {
        let mut all = Vec::new();
        nn::parameters(model, |_, p| all.extend(p.value().to_array()));
        all
    };
    nn::save(&model(1), &file).unwrap();
    let whole = fs::read(&file).unwrap();
    let untouched = weights(&model(2));
    // A thread keeps the buffers of its tensors; one that is new has none to add to.
    let load = |file: &Path| {
        let model = model(2);
        let result = nn::load(&model, file);
        assert!(result.is_ok() || weights(&model) == untouched, "a failed load changed the model");
        result
    };
    let bench = Bench::new("w.safetensors", Allowance { times: 12, bytes: PLAIN }, |file| {
        thread::scope(|scope| scope.spawn(|| load(file)).join().unwrap())
    });
    bench.cut(&whole);
    bench.corrupt(&whole);

    for (length, message) in [(u64::MAX, "header"), (100_000_000, "header"), (1 << 40, "header")] {
        let claim = [&length.to_le_bytes(), &whole[8..]].concat();
        assert!(bench.read(&claim).unwrap_err().to_string().contains(message));
    }
    for shape in ["[18446744073709551615,18446744073709551615]", "[4294967296,4294967296]", "[1000000000000]"] {
        let header = format!("{{\"x\":{{\"dtype\":\"F64\",\"shape\":{shape},\"data_offsets\":[0,8]}}}}");
        let claim = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 8]].concat();
        assert!(bench.read(&claim).unwrap_err().to_string().contains(": not a weights file: "));
    }
}

fn checkpoint() {
    let folder = tempdir().unwrap();
    let data = Dataset::new(ndarray::array![[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], ndarray::array![[1.0], [1.0], [0.0]]);
    let data = data.unwrap();
    let model = |seed| Mlp::<f64>::new(&[2, 3, 1], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(seed));
    // With best weights, a generator's place, and an optimiser's memory; the run is over, so that nothing is trained.
    let trainer = |folder: &Path| {
        let trainer = Trainer::new(model(1), loss::bce_with_logits, Adam::new(0.1)).epochs(2).batch_size(2);
        trainer.early_stopping(5).checkpoints(folder).progress(false)
    };
    trainer(folder.path()).fit(&data, &data).unwrap();
    let whole = fs::read(folder.path().join("checkpoint.safetensors")).unwrap();
    let weights = |model: &Mlp<f64>| {
        let mut all = Vec::new();
        nn::parameters(model, |_, p| all.extend(p.value().to_array()));
        all
    };
    let untouched = weights(&model(1));
    let resume = |file: &Path| {
        let mut trainer = trainer(file.parent().unwrap());
        let result = trainer.fit(&data, &data);
        assert!(result.is_ok() || weights(trainer.model()) == untouched, "a failed resume changed the model");
        result.map(|history| history.steps)
    };
    // Besides the file there are a model, an optimiser and the data's tensors.
    let allowance = Allowance { times: 12, bytes: 4 * PLAIN };
    let bench = Bench::new("checkpoint.safetensors", allowance, |file| {
        thread::scope(|scope| scope.spawn(|| resume(file)).join().unwrap())
    });
    bench.cut(&whole);
    let noticed = bench.corrupt(&whole);
    assert!(noticed > corruptions() / 2, "{noticed}");
}

/// The error's text, less the file's name.
#[track_caller]
fn message<R, F: Fn(&Path) -> Result<R>>(bench: &Bench<F>, bytes: &[u8]) -> String {
    let message = bench.read(bytes).err().expect("an error").to_string();
    message.strip_prefix(bench.file.to_str().unwrap()).expect("the file's name").to_owned()
}

fn idx_headers_that_claim_too_much() {
    let bench = Bench::new("t.idx", Allowance { times: 12, bytes: PLAIN }, |file| read_idx::<f64>(file));
    let claim = |kind: u8, lengths: &[u32]| {
        let lengths: Vec<u8> = lengths.iter().flat_map(|length| length.to_be_bytes()).collect();
        [&[0, 0, kind, (lengths.len() / 4) as u8], &lengths[..], &[7]].concat()
    };
    assert_eq!(
        message(&bench, &claim(8, &[u32::MAX])),
        ": byte 8: 1 bytes follow, expected 4294967295 bytes of numbers for the shape [4294967295]"
    );
    assert_eq!(
        message(&bench, &claim(14, &[u32::MAX; 2])),
        ": byte 12: the shape before is [4294967295, 4294967295], expected an array that fits into memory"
    );
    assert_eq!(
        message(&bench, &claim(8, &[0, u32::MAX, u32::MAX, u32::MAX])),
        ": byte 20: the shape before is [0, 4294967295, 4294967295, 4294967295], expected an array that fits into memory"
    );
    assert_eq!(message(&bench, &claim(8, &[0])), ": byte 8: there are more bytes, expected the end of the file");
    assert_eq!(message(&bench, &[0, 0, 8, 255]), ": byte 4: 0 bytes follow, expected 1020 bytes of axes' lengths");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn packed_files_that_claim_too_much() {
    // Ten million zeros behind a header for hundred: what is not asked for is not unpacked.
    let bomb = gzip(&[vec![0, 0, 8, 1, 0, 0, 0, 100], vec![0; 10_000_000]].concat());
    assert!(bomb.len() < 20_000);
    let bench = Bench::new("t.idx.gz", Allowance { times: 12, bytes: PACKED }, |file| read_idx::<f64>(file));
    let surplus = ", unpacked: byte 108: there are more bytes, expected the end of the file";
    assert_eq!(message(&bench, &bomb), surplus);
    // More than so few bytes can become.
    let claim = gzip(&[0, 0, 8, 1, 255, 255, 255, 255, 0]);
    let most = 1032 * claim.len() - 8;
    assert_eq!(
        message(&bench, &claim),
        format!(
            ", unpacked: byte 8: at most {most} bytes follow, expected 4294967295 bytes of numbers for the shape [4294967295]"
        )
    );
    // As many as they can become, but do not.
    let claim = gzip(&[0, 0, 8, 1, 0, 0, 64, 0, 0]);
    assert_eq!(
        message(&bench, &claim),
        ", unpacked: byte 8: 1 bytes follow, expected 16384 bytes of numbers for the shape [16384]"
    );
}

/// An NPY file of version 2 with this header and eight bytes of numbers.
fn npy_file(header: &str) -> Vec<u8> {
    [b"\x93NUMPY\x02\x00", &(header.len() as u32).to_le_bytes()[..], header.as_bytes(), &[0; 8]].concat()
}

fn npy_headers_that_claim_too_much() {
    let bench = Bench::new("t.npy", Allowance { times: 12, bytes: PLAIN }, |file| read_npy::<f64>(file));
    let mut claim = npy_file("{}");
    claim[8..12].fill(0xff);
    assert_eq!(message(&bench, &claim), ": byte 12: 10 bytes follow, expected 4294967295 bytes of the header");
    let shape = |shape: &str| npy_file(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n"));
    assert_eq!(
        message(&bench, &shape("(1000000000,)")),
        ": byte 79: 8 bytes follow, expected 8000000000 bytes of numbers for the shape [1000000000]"
    );
    assert_eq!(
        message(&bench, &shape("(18446744073709551615, 18446744073709551615)")),
        ": byte 110: the shape before is [18446744073709551615, 18446744073709551615], \
         expected an array that fits into memory"
    );
    assert_eq!(
        message(&bench, &shape("(18446744073709551616,)")),
        ": byte 63: the header has \"18446744073709551616,), }\\n\", expected a length that fits into 64 bits"
    );
    // Nested as deep as the file is long; many axes.
    assert!(message(&bench, &shape(&"(".repeat(100_000))).contains("\"((((((((((((((((((((((((((((((((((((((((…\""));
    bench.read(&shape(&format!("({})", "1,".repeat(64)))).unwrap();
    assert!(
        message(&bench, &shape(&format!("({})", "1,".repeat(20_000))))
            .ends_with("…\", expected no more than the 64 axes that an array can have")
    );
}

fn npz_entries_that_claim_too_much() {
    let bench = Bench::new("t.npz", Allowance { times: 12, bytes: PACKED }, |file| Npz::open(file)?.array::<f64>("x"));
    let pack = |bytes: &[u8]| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        writer.start_file("x.npy", options).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let shape = |shape: &str| npy_file(&format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n"));
    let bomb = pack(&[shape("(8,)"), vec![0; 10_000_000]].concat());
    assert!(bomb.len() < 20_000);
    assert_eq!(message(&bench, &bomb), ", `x`: byte 78: there are more bytes, expected the end of the file");
    let claim = pack(&shape("(1000000000,)"));
    let most = 1032 * claim.len() - 79;
    assert_eq!(
        message(&bench, &claim),
        format!(
            ", `x`: byte 79: at most {most} bytes follow, expected 1000000000 bytes of numbers for the shape [1000000000]"
        )
    );
    // An end record that promises 65535 entries.
    let mut claim = pack(&shape("(8,)"));
    let end = claim.len() - 22;
    claim[end + 8..end + 12].fill(0xff);
    assert!(message(&bench, &claim).ends_with("; expected a ZIP archive of NPY files"));
}

fn texts_of_many_columns_and_categories() {
    let read = |header: bool| move |file: &Path| Csv::new().header(header).read(file);
    let (count, small) = (50_000, Allowance { times: 40, bytes: TEXT });
    let bench = Bench::new("t.csv", small, read(false));
    let texts = [
        "1\n".repeat(count),
        "a\n".repeat(count),
        (0..count).map(|i| format!("a{i:x}")).collect::<Vec<String>>().join("\n"),
        format!("0.{}{}", "1".repeat(1000), "\n1".repeat(count)),
    ];
    for text in texts {
        bench.read(text.as_bytes()).unwrap();
    }
    // A column's name, its vectors and their first entry, for two bytes of text.
    let wide = Allowance { times: 150, bytes: TEXT };
    for field in ["1", "a"] {
        Bench::new("t.csv", wide, read(false)).read(vec![field; count].join(",").as_bytes()).unwrap();
    }
    let names: Vec<String> = (0..count).map(|i| format!("{i:x}")).collect();
    let bench = Bench::new("t.csv", wide, read(true));
    bench.read((names.join(",") + "\n" + &vec!["1"; count].join(",")).as_bytes()).unwrap();
    // Nothing but one quote that is not closed.
    for (start, line) in [("a\n", 2), ("a\n1\n", 3)] {
        let open = format!("{start}\"{}", "1,".repeat(count));
        assert_eq!(
            message(&bench, open.as_bytes()),
            format!(":{line}: a field begins with a quote that is never closed")
        );
    }
}
