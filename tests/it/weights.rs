//! Weights files: exchanged with PyTorch, described, converted, and what happens to a file that is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use autodiff::Tensor;
use ndarray::Array2;
use nn::{Activation, Layer, Mlp, Sequential, load_converted, weights_info};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;

fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn model<T: nn::Element>(seed: u64) -> Mlp<T> {
    Mlp::new(&[3, 5, 4, 2], Activation::Tanh, &mut ChaCha8Rng::seed_from_u64(seed))
}

fn values<T: nn::Element>(model: &impl Layer<T>) -> Vec<f64> {
    let mut all = Vec::new();
    nn::parameters(model, |_, p| all.extend(p.value().view().iter().map(|x| x.primal())));
    all
}

/// Inputs and outputs of PyTorch's network.
fn items() -> (Array2<f64>, Array2<f64>) {
    let text = fs::read_to_string(shared("torch.csv")).unwrap();
    let rows: Vec<Vec<f64>> = text.lines().map(|line| line.split(',').map(|x| x.parse().unwrap()).collect()).collect();
    let part = |from: usize, width: usize| Array2::from_shape_fn((rows.len(), width), |(i, j)| rows[i][from + j]);
    (part(0, 3), part(3, 2))
}

#[test]
fn pytorchs_weights_give_pytorchs_outputs() {
    let model = model::<f64>(1);
    nn::load(&model, shared("torch.safetensors")).unwrap();
    let (x, expected) = items();
    let y = model.forward(&Tensor::constant(x)).to_array();
    assert_eq!(y.shape(), expected.shape());
    for (y, expected) in y.iter().zip(&expected) {
        assert!((y - expected).abs() < 1e-12, "{y} and {expected}");
    }
    assert_eq!(weights_info(shared("torch.safetensors")).unwrap(), None);
}

/// Names, number types and shapes of a file, by its own header.
fn tensors(file: &Path) -> BTreeMap<String, (String, Vec<u64>)> {
    let bytes = fs::read(file).unwrap();
    let length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let entries = header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__");
    let shape = |value: &serde_json::Value| value.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    entries.map(|(name, of)| (name.clone(), (of["dtype"].as_str().unwrap().to_owned(), shape(&of["shape"])))).collect()
}

#[test]
fn our_files_have_pytorchs_names_types_and_shapes() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("ours.safetensors");
    nn::save(&model::<f64>(1), &file).unwrap();
    assert_eq!(tensors(&file), tensors(&shared("torch.safetensors")));
    assert!(tensors(&file).contains_key("layers.0.weight"));
}

#[test]
fn files_say_what_they_are() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    nn::save(&model::<f32>(1), &file).unwrap();
    let info = weights_info(&file).unwrap().unwrap();
    assert_eq!((&*info.version, &*info.numbers), (env!("CARGO_PKG_VERSION"), "F32"));
    let architecture: serde_json::Value = serde_json::from_str(&info.architecture.unwrap()).unwrap();
    let expected = serde_json::json!({"mlp": {"units": [3, 5, 4, 2], "activations": ["tanh", "tanh", "identity"]}});
    assert_eq!(architecture, expected);
    // The same file each time.
    let first = fs::read(&file).unwrap();
    nn::save(&model::<f32>(1), &file).unwrap();
    assert_eq!(fs::read(&file).unwrap(), first);

    let relu = || Mlp::<f32>::new(&[3, 5, 4, 2], Activation::Relu, &mut ChaCha8Rng::seed_from_u64(2));
    let other = relu();
    let message = nn::load(&other, &file).unwrap_err().to_string();
    assert!(message.contains(": the weights are those of the architecture {\"mlp\":"), "{message}");
    assert_eq!(values(&other), values(&relu()));
    // A model that does not describe itself takes weights by their names and shapes alone.
    let plain = || {
        let linear = |i, o| nn::Linear::<f32>::new(i, o, nn::Init::XavierUniform, &mut ChaCha8Rng::seed_from_u64(3));
        Sequential::new().then(linear(3, 5)).then(linear(5, 4)).then(linear(4, 2))
    };
    let bare = plain();
    nn::load(&bare, &file).unwrap();
    assert_eq!(values(&bare), values(&model::<f32>(1)));
}

#[test]
fn numbers_are_converted_only_if_asked() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    let wide = model::<f64>(1);
    nn::save(&wide, &file).unwrap();
    let narrow = model::<f32>(2);
    let message = nn::load(&narrow, &file).unwrap_err().to_string();
    assert!(message.ends_with("`layers.0.weight` holds F64 numbers, the model needs F32"), "{message}");
    load_converted(&narrow, &file).unwrap();
    let rounded: Vec<f64> = values(&wide).into_iter().map(|x| f64::from(x as f32)).collect();
    assert_eq!(values(&narrow), rounded);
    nn::save(&narrow, &file).unwrap();
    let back = model::<f64>(3);
    load_converted(&back, &file).unwrap();
    assert_eq!(values(&back), rounded);
    // What f32 cannot hold is refused, and nothing changes.
    let large = model::<f64>(1);
    nn::parameters(&large, |_, p| p.map(|_| 1e300));
    nn::save(&large, &file).unwrap();
    let message = load_converted(&narrow, &file).unwrap_err().to_string();
    assert!(message.ends_with("`layers.0.weight` holds a number that is not finite"), "{message}");
    assert_eq!(values(&narrow), rounded);
}

#[test]
fn numbers_of_two_bytes_are_read() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("w.safetensors");
    for (kind, one_and_a_half, tiny, least) in
        [("F16", 0x3e00_u16, 0x0001_u16, 2.0_f64.powi(-24)), ("BF16", 0x3fc0, 0x0001, 2.0_f64.powi(-133))]
    {
        let entry = |shape: &str, from: usize, to: usize| {
            format!("{{\"dtype\":\"{kind}\",\"shape\":{shape},\"data_offsets\":[{from},{to}]}}")
        };
        let header = format!("{{\"bias\":{},\"weight\":{}}}", entry("[1]", 0, 2), entry("[1,2]", 2, 6));
        let numbers = [tiny, one_and_a_half, one_and_a_half | 0x8000].map(u16::to_le_bytes).concat();
        fs::write(&file, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &numbers].concat()).unwrap();
        let linear = nn::Linear::<f64>::new(2, 1, nn::Init::Zeros, &mut ChaCha8Rng::seed_from_u64(3));
        load_converted(&linear, &file).unwrap();
        assert_eq!(values(&linear), [1.5, -1.5, least], "{kind}");
        let message = nn::load(&linear, &file).unwrap_err().to_string();
        assert!(message.ends_with(&format!("`weight` holds {kind} numbers, the model needs F64")), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_is_there_keeps_its_mode_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempdir().unwrap();
    let (file, link) = (folder.path().join("w.safetensors"), folder.path().join("latest"));
    nn::save(&model::<f64>(1), &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    nn::save(&model::<f64>(2), &link).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    let loaded = model::<f64>(3);
    nn::load(&loaded, &file).unwrap();
    assert_eq!(values(&loaded), values(&model::<f64>(2)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
