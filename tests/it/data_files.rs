//! Data from files, in all formats.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayD, Axis, array};
use nn::data::{Columns, Csv, Npz, Schema, Values, labels, read_idx, read_npy};
use tempfile::tempdir;
use tests::raises_here;

fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

#[track_caller]
fn message<R>(result: nn::Result<R>) -> String {
    result.err().expect("an error").to_string()
}

/// What `csv` says about this text: columns, or an error without the file's name.
fn read(csv: &Csv, text: &str) -> Result<Columns, String> {
    let folder = tempdir().unwrap();
    let file = folder.path().join("t.csv");
    fs::write(&file, text).unwrap();
    csv.read(&file).map_err(|error| error.to_string().strip_prefix(file.to_str().unwrap()).unwrap().to_owned())
}

#[track_caller]
fn refused(csv: &Csv, text: &str, message: &str) {
    assert_eq!(read(csv, text).unwrap_err(), message);
}

fn categories(indices: &[usize], names: &[&str]) -> Values {
    Values::Categories { indices: indices.to_vec(), names: names.iter().map(|&name| name.to_owned()).collect() }
}

#[test]
fn iris_and_diabetes() {
    let iris = Csv::new().read(shared("examples/data/iris.csv")).unwrap();
    let Values::Categories { indices, names } = &iris.get("species").unwrap().values else { panic!("categories") };
    assert_eq!(names, &["setosa", "versicolor", "virginica"]);
    assert_eq!((0..3).map(|class| indices.iter().filter(|&&i| i == class).count()).collect::<Vec<_>>(), [50; 3]);
    let data = iris.dataset::<f32>("species").unwrap();
    assert_eq!((data.inputs().shape(), data.targets().shape()), (&[150, 4][..], &[150, 3][..]));
    assert_eq!(data.inputs().index_axis(Axis(0), 149), array![5.9, 3.0, 5.1, 1.8].into_dyn());
    assert_eq!(data.classes().unwrap(), *indices);

    let diabetes = Csv::new().categories("sex").read(shared("examples/data/diabetes.csv")).unwrap();
    assert_eq!(diabetes.rows(), 442);
    let data = diabetes.dataset::<f64>("progression").unwrap();
    assert_eq!((data.inputs().shape(), data.targets().shape()), (&[442, 11][..], &[442, 1][..]));
    let first = array![59., 0., 1., 32.1, 101., 157., 93.2, 38., 4., 4.8598, 87.];
    assert_eq!(data.inputs().index_axis(Axis(0), 0), first.into_dyn());
}

#[test]
fn columns_by_name_and_number() {
    let text = "a, b ,kind\n1,2.5,x\n-3e2,+.5,\"y, \"\"z\"\"\"\n";
    let columns = read(&Csv::new(), text).unwrap();
    assert_eq!(columns.get("b").unwrap(), columns.get(2).unwrap());
    assert_eq!(columns.get("2").unwrap().name, "b");
    assert_eq!(columns.get(2).unwrap().values, Values::Numbers(vec![2.5, 0.5]));
    assert_eq!(columns.get("kind").unwrap().values, categories(&[0, 1], &["x", "y, \"z\""]));
    assert_eq!(message(columns.get("c")), "no column `c`; there are `a`, `b`, `kind`");
    assert_eq!(message(columns.get(0)), "no column `0`; there are `a`, `b`, `kind`");
    assert_eq!(message(columns.dataset::<f64>("c")), "no column `c`; there are `a`, `b`, `kind`");
    let without = read(&Csv::new().skip("kind").skip(1), text).unwrap();
    assert_eq!(message(without.dataset::<f64>("b")), "data set: `b` is the only column, expected others as inputs");

    // A byte-order mark, Windows' line ends, blank lines, no end of the last line, another delimiter.
    let windows = read(&Csv::new().delimiter(b';'), "\u{feff}a;b\r\n\r\n1;x\r\n2;x").unwrap();
    assert_eq!(windows.columns()[0].name, "a");
    assert_eq!(windows.columns()[0].values, Values::Numbers(vec![1.0, 2.0]));

    // Without a header columns are called by their numbers; so is one that has no name.
    let plain = read(&Csv::new().header(false), "1,x\n2,y\n").unwrap();
    assert_eq!((plain.rows(), plain.get("2").unwrap().name.as_str()), (2, "2"));
    assert_eq!(read(&Csv::new(), ",b\n1,2\n").unwrap().columns()[0].name, "1");
    let wide: String = (0..13).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",") + "\n" + &"1,".repeat(12) + "0";
    assert_eq!(
        message(read(&Csv::new(), &wide).unwrap().get("c")),
        "no column `c`; there are `c0`, `c1`, `c2`, `c3`, `c4`, `c5`, `c6`, `c7` and 5 more"
    );
}

#[test]
fn categories_that_look_like_numbers() {
    let text = "class,x\n10,1\n9,2\n10,3\n";
    assert_eq!(read(&Csv::new(), text).unwrap().columns()[0].values, Values::Numbers(vec![10.0, 9.0, 10.0]));
    let columns = read(&Csv::new().categories("class"), text).unwrap();
    assert_eq!(columns.columns()[0].values, categories(&[1, 0, 1], &["9", "10"]));
    // Named columns may mix, and what stands for a missing value elsewhere is a category.
    let mixed = read(&Csv::new().categories(1), "class,x\nNA,1\n9,2\nnone,3\n").unwrap();
    assert_eq!(mixed.columns()[0].values, categories(&[1, 0, 2], &["9", "NA", "none"]));
    assert_eq!(mixed.matrix::<f64>().unwrap(), array![[0., 1., 0., 1.], [1., 0., 0., 2.], [0., 0., 1., 3.]]);
    let many = (0..1025).map(|i| format!("c{i},1")).collect::<Vec<_>>().join("\n");
    assert_eq!(
        message(read(&Csv::new().header(false), &many).unwrap().dataset::<f64>(2)),
        "data set: column `1` has 1025 categories, expected at most 1024; leave it out with `Csv::skip`"
    );
}

#[test]
fn csv_errors_name_the_place() {
    let csv = Csv::new();
    refused(&csv, "", ": the file holds no rows; expected a header, then at least one row");
    refused(&csv, "a,b\n", ": the file holds no rows; expected a header, then at least one row");
    refused(&csv.clone().header(false), "\n\n", ": the file holds no rows; expected at least one row");
    refused(&csv, "a,b\n1,2\n\n1\n", ":4: 1 field, expected 2");
    refused(&csv, "a,b\n1,2,3\n", ":2: 3 fields, expected 2");
    refused(&csv, "a,b,a\n1,2,3\n", ":1: field 3 is \"a\", expected a name that differs from that of field 1");
    refused(
        &csv,
        "1,2\n3,4\n",
        ":1: all fields are numbers, expected a header; without one, read the file with `header(false)`",
    );
    refused(
        &csv,
        "1,1\n3,4\n",
        ":1: all fields are numbers, expected a header; without one, read the file with `header(false)`",
    );
    refused(&csv.clone().skip("c"), "a,b\n1,2\n", ":1: no column `c`; there are `a`, `b`");
    refused(&csv.clone().categories(3), "a,b\n1,2\n", ":1: no column `3`; there are `a`, `b`");

    let fill = "fill in the value or leave out the row";
    for missing in ["", " ", "NA", "n/a", "NaN", "Null", "none", "?"] {
        let first = format!(":2: field 2 (b) is {missing:?}, expected a number or a category; {fill}");
        refused(&csv, &format!("a,b\n1,{missing}\n"), &first);
        refused(
            &csv,
            &format!("a,b\n1,2\n1,{missing}\n"),
            &format!(":3: field 2 (b) is {missing:?}, expected a number; {fill}"),
        );
        refused(
            &csv,
            &format!("a,b\n1,x\n1,{missing}\n"),
            &format!(":3: field 2 (b) is {missing:?}, expected a category; {fill}"),
        );
    }
    refused(
        &csv.clone().categories("b"),
        "a,b\n1,2\n1,\n",
        &format!(":3: field 2 (b) is \"\", expected a category; {fill}"),
    );

    let named = "a column of categories that may be numbers has to be named as such";
    refused(
        &csv,
        "a,b\n1,2\n1,2.5.\n",
        &format!(":3: field 2 (b) is \"2.5.\", expected a finite number as in line 2; {named}"),
    );
    refused(&csv, "a,b\n1,x\n1,2\n", &format!(":3: field 2 (b) is \"2\", expected no number, as in line 2; {named}"));
    refused(
        &csv.clone().header(false),
        "a,b\n1,2\n",
        &format!(":2: field 1 is \"1\", expected no number, as in line 1; {named}, and a header has to be asked for"),
    );
    refused(&csv, "a,b\n1,inf\n", ":2: field 2 (b) is \"inf\", expected a finite number");
    refused(&csv, "a,b\n1,2\n1,-1e999\n", ":3: field 2 (b) is \"-1e999\", expected a finite number");
    let long = "x".repeat(50);
    refused(
        &csv,
        &format!("a,b\n1,2\n1,{long}\n"),
        &format!(":3: field 2 (b) is \"{}…\", expected a finite number as in line 2; {named}", &long[..40]),
    );
    // Lines are counted through a field that runs over several of them.
    refused(&csv, "a,b\n1,\"x\ny\"\n1,\n", &format!(":4: field 2 (b) is \"\", expected a category; {fill}"));
    // Too large for the numbers that are wanted.
    let large = read(&csv, "a,b\n1,2\n1e300,2\n").unwrap();
    assert_eq!(message(large.dataset::<f32>("b")), "data set: inputs[1, 0] is inf, expected a finite number");
    raises_here(|| Csv::new().classes(3, 0), "Csv: the number of classes is 0, expected 1 or more");
}

#[test]
fn quotes_that_would_take_in_rows() {
    let (open, goes_on) = (
        "a field begins with a quote that is never closed",
        "a field begins with a quote, and goes on after the quote that closes it; double quotes within a field",
    );
    for (text, line, wrong) in [
        ("a,b\n1,\"x\n2,y\n3,z\n", 2, open),
        ("a,b\n1,x\n\n\"2,y\n3,z", 4, open),
        ("\"a,b\n1,2\n", 1, open),
        ("\u{feff}\"a,b\n1,2\n", 1, open),
        ("a,b\n\"1\n\",\"x\"\"\n2,y\n", 3, open),
        ("a,b\r\n1,x\r\n2,\"", 3, open),
        ("a,b\n1,\"x\n2,y\n3,\"z\n4,z\n", 2, goes_on),
        ("a,b\n1,\"x\" y\n", 2, goes_on),
        ("a,b\n1,\"x\"\"\"y\n", 2, goes_on),
    ] {
        refused(&Csv::new(), text, &format!(":{line}: {wrong}"));
    }
    let fine = "a,b\n1,\"x,\n\"\"y\"\" \" \n2,5\" pipe\n3,\"\"\"\"";
    let columns = read(&Csv::new(), fine).unwrap();
    assert_eq!(columns.get("b").unwrap().values, categories(&[2, 1, 0], &["\"", "5\" pipe", "x,\n\"y\""]));
    let columns = read(&Csv::new().delimiter(b' '), "a b\n\"1\" x\n").unwrap();
    assert_eq!(columns.get("a").unwrap().values, Values::Numbers(vec![1.0]));
}

#[test]
fn missing_values_where_they_are_allowed() {
    let csv = Csv::new().missing(true);
    let text = "a,b,c\n,?,1\n1,x,NA\nnan,,2\n2,NULL,3\n";
    let columns = read(&csv, text).unwrap();
    let Values::Numbers(numbers) = &columns.get("a").unwrap().values else { panic!("numbers") };
    assert!(numbers[0].is_nan() && numbers[2].is_nan());
    assert_eq!([numbers[1], numbers[3]], [1.0, 2.0]);
    assert_eq!(columns.get("b").unwrap().values, categories(&[1, 0, 1, 1], &["x"]));
    let matrix = columns.matrix::<f64>().unwrap();
    assert_eq!(matrix.mapv(f64::is_nan).row(2).to_vec(), [true, true, false]);
    assert_eq!(message(columns.dataset::<f64>("c")), "data set: inputs[0, 0] is NaN, expected a finite number");
    // Read again by its schema; a category of that name is one.
    let again = read(&csv.clone().like(&columns.schema()), text).unwrap();
    assert_eq!(again.schema(), columns.schema());
    assert_eq!(again.get("b").unwrap(), columns.get("b").unwrap());
    let named = csv.clone().categories("b").classes("c", 4);
    let columns = read(&named, text).unwrap();
    assert_eq!(columns.get("b").unwrap().values, categories(&[0, 2, 3, 1], &["?", "NULL", "x"]));
    let digits: Vec<String> = (0..4).map(|class| class.to_string()).collect();
    assert_eq!(columns.get("c").unwrap().values, Values::Categories { indices: vec![1, 4, 2, 3], names: digits });
    let again = read(&csv.clone().like(&columns.schema()), text).unwrap();
    assert_eq!(again.get("b").unwrap(), columns.get("b").unwrap());
    for (csv, text, column) in [(csv.clone(), "a,b\n,1\n?,2\n", "a"), (csv.categories("b"), "a,b\n1,\n2,\n", "b")] {
        refused(&csv, text, &format!(": column `{column}` has no values; leave it out"));
    }
}

#[test]
fn a_delimiter_that_the_file_does_without() {
    let (comma, semicolon) = (Csv::new(), Csv::new().delimiter(b';'));
    let says = |other, own| format!("the fields seem to be separated by '{other}', not by '{own}': set the delimiter");
    for (csv, text, message) in [
        (&comma, "a;b;c\n1;2;x\n", format!(":1: {}", says(";", ","))),
        (&comma, "\na\tb\n1\t2\n", format!(":2: {}", says("\\t", ","))),
        (&comma, "a|b\n1|2\n", format!(":1: {}", says("|", ","))),
        (&comma, "a;b\n1,5;2,5\n", format!(":1: {}", says(";", ","))),
        (&comma, "a, in m;b\n1,5;2,5\n1;2\n", format!(":2: 3 fields, expected 2; {}", says(";", ","))),
        (&semicolon, "a,b\n1,2\n", format!(":1: {}", says(",", ";"))),
        (&semicolon.clone().header(false), "1,2\n3,4\n", format!(":1: {}", says(",", ";"))),
    ] {
        refused(csv, text, &message);
    }
    // A single column, of texts.
    let columns = read(&comma, "text\nyes; of course\nno\n").unwrap();
    assert_eq!(columns.get(1).unwrap().values, categories(&[1, 0], &["no", "yes; of course"]));
}

#[test]
fn classes_are_called_by_their_names() {
    use rand::SeedableRng;
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let text = "x,kind,grade\n1,oak,3\n2,fern,7\n3,oak,3\n4,oak,3\n5,elm,8\n6,elm,8\n7,elm,8\n";
    let mut says = |target: &str| {
        let data = read(&Csv::new(), text).unwrap().dataset::<f64>(target).unwrap();
        let data = data.subset(&[6, 5, 4, 3, 2, 1, 0]);
        [message(data.stratified_split(0.5, &mut rng)), message(data.stratified_k_fold(2, &mut rng))]
    };
    let rest = |name| {
        ["in both parts", "in every fold"]
            .map(|place| format!("data set: class {name} has 1 item, expected at least 2 to have one {place}"))
    };
    assert_eq!(says("kind"), rest("`fern`"));
    assert_eq!(says("grade"), rest("7"));
    let data = read(&Csv::new(), text).unwrap().dataset::<f64>("kind").unwrap();
    let data = data.with_targets(array![[1.0], [2.0], [1.0], [1.0], [1.0], [1.0], [1.0]]).unwrap();
    assert_eq!(message(data.stratified_split(0.5, &mut rng)), rest("2")[0]);
}

#[test]
fn another_file_is_read_in_the_same_way() {
    let old = read(&Csv::new().categories("sex"), "sex,age,city\n2,40,Rom\n1,50,Bern\n2,60,Rom\n").unwrap();
    let text = serde_json::to_string(&old.schema()).unwrap();
    let schema: Schema = serde_json::from_str(&text).unwrap();
    assert_eq!(schema, old.schema());
    let inputs = Csv::new().like(&schema.without("city").unwrap());
    // Found by name, in the order of the old file; a category that does not occur keeps its place.
    let new = read(&inputs, "age,more,sex\n30,x,1\n31,y,1\n").unwrap();
    assert_eq!(new.matrix::<f64>().unwrap(), array![[1., 0., 30.], [1., 0., 31.]]);
    refused(&inputs, "age,sex\n30,3\n", ":2: field 2 (sex) is \"3\", expected a known category: `1`, `2`");
    refused(&inputs, "age\n30\n", ":1: no column `sex`; there are `age`");
    refused(&inputs, "sex,age\n1,x\n", ":2: field 2 (age) is \"x\", expected a finite number");
    refused(
        &inputs,
        "sex,age\n1,\n",
        ":2: field 2 (age) is \"\", expected a number; fill in the value or leave out the row",
    );
    assert_eq!(message(schema.without("town")), "no column `town`; there are `sex`, `age`, `city`");
    let mut twice = schema.clone();
    twice.columns[0].categories = Some(vec!["1".to_owned(), "1".to_owned()]);
    let folder = tempdir().unwrap();
    let file = folder.path().join("t.csv");
    fs::write(&file, "sex,age,city\n1,2,Rom\n").unwrap();
    assert_eq!(
        message(Csv::new().like(&twice).read(&file)),
        "data set: the schema has the category `1` twice in one column"
    );
    // Names are not taken for numbers of fields.
    let numbered = read(&Csv::new().header(false), "1,x\n").unwrap().schema();
    refused(&Csv::new().like(&numbered), "a,b\n1,x\n", ":1: no column `1`; there are `a`, `b`");
    let plain = Csv::new().header(false).like(&schema);
    assert_eq!(read(&plain, "1,30,Bern\n").unwrap().matrix::<f64>().unwrap(), array![[1., 0., 30., 1., 0.]]);
    refused(&plain, "1,30\n", ":1: 2 fields, expected 3");
}

fn quarters() -> Array2<f64> {
    Array2::from_shape_fn((3, 4), |(i, j)| (4 * i + j) as f64 / 4.0 - 1.0)
}

#[test]
fn arrays_from_numpy() {
    assert_eq!(read_npy::<f64>(shared("tests/data/fortran.npy")).unwrap(), quarters().into_dyn());
    assert_eq!(read_npy::<f32>(shared("tests/data/version2.npy")).unwrap(), quarters().mapv(|x| x as f32).into_dyn());
    for name in ["plain.npz", "packed.npz"] {
        let mut file = Npz::open(shared("tests/data").join(name)).unwrap();
        let names = ["x", "t", "small", "large", "truth", "number", "empty", "complex", "names"];
        assert_eq!(file.names(), names);
        assert_eq!(file.array::<f64>("x").unwrap(), quarters().into_dyn());
        assert_eq!(labels(&file.array::<f64>("t").unwrap()).unwrap(), [2, 0, 1]);
        assert_eq!(file.array::<f32>("small.npy").unwrap(), array![-128.0, 127.0].into_dyn());
        assert_eq!(file.array::<f64>("large").unwrap(), array![0.0, 2.0_f64.powi(64)].into_dyn());
        assert_eq!(file.array::<f64>("truth").unwrap(), array![[1.0], [0.0]].into_dyn());
        assert_eq!(file.array::<f64>("number").unwrap(), ndarray::arr0(0.5).into_dyn());
        assert_eq!(file.array::<f64>("empty").unwrap().shape(), [0, 3]);
        let expected =
            "expected real numbers: 'b1', or i, u with 1, 2, 4, 8 or f with 2, 4, 8 after '<', '>', '=' or '|'";
        let complex = message(file.array::<f64>("complex"));
        assert!(complex.contains(".npz, `complex`: byte 20: the header has \"'<c16', "), "{complex}");
        assert!(complex.ends_with(expected), "{complex}");
        assert!(message(file.array::<f64>("names")).ends_with(expected));
        let none = message(file.array::<f64>("y"));
        assert!(none.ends_with(
            ".npz: no array `y`; there are `x`, `t`, `small`, `large`, `truth`, `number`, `empty`, `complex` and 1 more"
        ));
    }
    let no_archive = message(Npz::open(shared("tests/data/fortran.npy")));
    assert!(no_archive.ends_with("; expected a ZIP archive of NPY files"), "{no_archive}");
    assert!(message(read_npy::<f64>("no.npy")).starts_with("no.npy: cannot read: "));
    assert_eq!(
        message(labels(&array![1.0, 0.5].into_dyn())),
        "data set: label 1 is 0.5, expected a whole number from 0"
    );
    assert_eq!(message(labels(&array![-1.0].into_dyn())), "data set: label 0 is -1, expected a whole number from 0");
    assert_eq!(
        message(labels(&array![f64::NAN].into_dyn())),
        "data set: label 0 is NaN, expected a whole number from 0"
    );
}

/// What the reader says about a file with these bytes.
fn from_bytes(bytes: &[u8], read: fn(&Path) -> nn::Result<ArrayD<f64>>) -> Result<ArrayD<f64>, String> {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, bytes).unwrap();
    read(&file).map_err(|error| error.to_string().strip_prefix(file.to_str().unwrap()).unwrap().to_owned())
}

#[test]
fn npy_headers() {
    let start = b"\x93NUMPY\x01\x00".as_slice();
    let npy = |header: &str, data: &[u8]| {
        let bytes = [start, &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat();
        from_bytes(&bytes, |file| read_npy(file))
    };
    // Any order of the keys, either kind of quotes, no spaces, Python 2's long integers.
    assert_eq!(
        npy("{\"shape\":(1L,2),'fortran_order':False,'descr':'>i2'}", &[1, 0, 0, 7]),
        Ok(array![[256., 7.]].into_dyn())
    );
    assert_eq!(
        npy(" { 'descr' : 'f8' , 'shape' : ( ) , 'fortran_order' : True , } ", &[0; 8]),
        Ok(ndarray::arr0(0.).into_dyn())
    );

    assert_eq!(
        npy("{'descr': '>f2', 'fortran_order': False, 'shape': (4,)}", &[0x3c, 0, 0xc1, 0, 0, 1, 0x7b, 0xff]),
        Ok(array![1.0, -2.5, 2.0_f64.powi(-24), 65504.0].into_dyn())
    );

    let refused = |header: &str, message: &str| assert_eq!(npy(header, &[0; 8]).unwrap_err(), message);
    let keys = "the keys 'descr', 'fortran_order' and 'shape'";
    refused("", ": byte 10: the header has \"\", expected a dictionary in braces");
    refused("{}", &format!(": byte 10: the header has \"{{}}\", expected all of {keys}"));
    refused("{'size': 1}", &format!(": byte 11: the header has \"'size': 1}}\", expected one of {keys}"));
    refused("{'shape", &format!(": byte 11: the header has \"'shape\", expected one of {keys}"));
    refused("{'shape' (1,)}", ": byte 19: the header has \"(1,)}\", expected a colon");
    refused("{'shape': 1}", ": byte 20: the header has \"1}\", expected a shape in parentheses");
    refused("{'shape': (-1,)}", ": byte 21: the header has \"-1,)}\", expected a length that fits into 64 bits");
    refused("{'shape': (1 2)}", ": byte 23: the header has \"2)}\", expected a comma or a closing parenthesis");
    refused("{'fortran_order': 0}", ": byte 28: the header has \"0}\", expected True or False");
    refused("{'shape': ()]", ": byte 22: the header has \"]\", expected a comma or a closing brace");
    refused("{'shape': ()} x", ": byte 24: the header has \"x\", expected nothing after the closing brace");
    let numbers = "real numbers: 'b1', or i, u with 1, 2, 4, 8 or f with 2, 4, 8 after '<', '>', '=' or '|'";
    refused("{'descr': '|O'}", &format!(": byte 20: the header has \"'|O'}}\", expected {numbers}"));
    refused(
        "{'descr': [('a', '<f8')]}",
        &format!(": byte 20: the header has \"[('a', '<f8')]}}\", expected {numbers}"),
    );

    let whole = |bytes: &[u8]| from_bytes(bytes, |file| read_npy(file)).unwrap_err();
    assert_eq!(
        whole(b"PK\x03\x04...."),
        ": byte 0: the file begins with \"PK\\u{3}\\u{4}..\", expected \"\\x93NUMPY\""
    );
    assert_eq!(whole(b"\x93NUMPY\x09\x00"), ": byte 6: the version is 9, expected 1, 2 or 3");
    assert_eq!(whole(b"\x93NUM"), ": byte 0: 4 bytes follow, expected 8 bytes of an NPY file's beginning");
}

#[test]
fn images_from_idx() {
    let want = ndarray::Array3::from_shape_fn((2, 2, 3), |(i, j, k)| 20.0 * (6 * i + 3 * j + k) as f64).into_dyn();
    for name in ["images.idx", "images.idx.gz"] {
        assert_eq!(read_idx::<f64>(shared("tests/data").join(name)).unwrap(), want);
    }
    let idx = |bytes: &[u8]| from_bytes(bytes, |file| read_idx(file));
    let one = |kind: u8, data: &[u8]| idx(&[&[0, 0, kind, 1, 0, 0, 0, 1], data].concat()).unwrap()[0];
    assert_eq!(one(0x09, &[0xff]), -1.0);
    assert_eq!(one(0x0b, &[0xff, 0xfe]), -2.0);
    assert_eq!(one(0x0c, &[0, 1, 0, 0]), 65536.0);
    assert_eq!(one(0x0d, &0.1_f32.to_be_bytes()), f64::from(0.1_f32));
    assert_eq!(one(0x0e, &0.1_f64.to_be_bytes()), 0.1);
    let refused = |bytes: &[u8], message: &str| assert_eq!(idx(bytes).unwrap_err(), message);
    refused(b"", ": byte 0: 0 bytes follow, expected 4 bytes of an IDX file's beginning");
    refused(b"1,2,3", ": byte 0: the first bytes are 31 2c, expected 00 00 as in every IDX file");
    refused(&[0, 0, 7, 1], ": byte 2: the type is 07, expected 08, 09, 0b, 0c, 0d or 0e");
    refused(&[0, 0, 8, 0], ": byte 3: there are 0 axes, expected at least 1");
    refused(&[0, 0, 8, 1, 0, 0, 0, 2, 1], ": byte 8: 1 bytes follow, expected 2 bytes of numbers for the shape [2]");
    refused(&[0, 0, 8, 1, 0, 0, 0, 1, 1, 1], ": byte 9: there are more bytes, expected the end of the file");
    let mut packed = fs::read(shared("tests/data/images.idx.gz")).unwrap();
    let sum = packed.len() - 8;
    packed[sum] ^= 1;
    refused(&packed, ", unpacked: byte 28: cannot unpack: corrupt gzip stream does not have a matching checksum");
    refused(&packed[..2], ", unpacked: byte 0: cannot unpack: unexpected end of file");
}
