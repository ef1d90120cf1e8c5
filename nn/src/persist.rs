//! Weights in files.

use std::collections::HashMap;
use std::path::Path;

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::error::Kind;
use crate::visit::{restore, stored};
use crate::{Layer, Result, atomic};

/// A number type that weights files hold.
pub trait Element: Real {
    /// The file format's name for the type.
    #[doc(hidden)]
    const DTYPE: Dtype;

    /// Appends the number's bytes, lowest first.
    #[doc(hidden)]
    fn put(self, bytes: &mut Vec<u8>);

    /// Reads a number; `bytes` has as many as the type.
    #[doc(hidden)]
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($($t:ident $dtype:ident)*) => { $(
        impl Element for $t {
            const DTYPE: Dtype = Dtype::$dtype;

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Self {
                Self::from_le_bytes(bytes.try_into().expect("as many bytes as the type has"))
            }
        }
    )* };
}
element!(f32 F32 f64 F64);

/// Writes a model's parameters and buffers to a safetensors file, under their names. The file appears whole or not at all.
///
/// ```
/// use nn::{Activation, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let model = Mlp::<f32>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let file = std::env::temp_dir().join("nn-persist-doc.safetensors");
/// nn::save(&model, &file)?;
/// let mut other = Mlp::<f32>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// nn::load(&mut other, &file)?;
/// assert_eq!(other.layers()[0].0.weight().value().view(), model.layers()[0].0.weight().value().view());
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be written; an existing file is left as it was.
pub fn save<T: Element>(model: &impl Layer<T>, path: impl AsRef<Path>) -> Result<()> {
    let mut named: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    stored(model, |name, value| {
        let mut bytes = Vec::with_capacity(size_of::<T>() * value.len());
        value.view().iter().for_each(|x| x.put(&mut bytes));
        named.push((name.to_owned(), value.shape().to_vec(), bytes));
    });
    let views = named.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(T::DTYPE, shape.clone(), bytes).expect("as many bytes as the shape says");
        (name.as_str(), view)
    });
    let metadata = HashMap::from([("format".to_owned(), concat!("nn ", env!("CARGO_PKG_VERSION")).to_owned())]);
    let bytes = safetensors::serialize(views, Some(metadata)).expect("names and shapes are valid");
    atomic::write(path.as_ref(), &bytes)
}

/// Reads a model's parameters and buffers from a safetensors file. PyTorch's `num_batches_tracked` is passed over.
///
/// # Errors
/// If the file cannot be read or is damaged; if a parameter or a buffer is missing, has another shape or number type, or holds a
/// number that is not finite; if the file holds a tensor that the model has not. The model is unchanged then.
pub fn load<T: Element>(model: &mut impl Layer<T>, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let at = || path.to_owned();
    let bytes = std::fs::read(path).map_err(crate::Error::read(path))?;
    let file =
        SafeTensors::deserialize(&bytes).map_err(|error| Kind::Weights { path: at(), message: error.to_string() })?;
    let mut values: HashMap<String, Tensor<T>> = HashMap::new();
    let mut result = Ok(());
    stored(model, |name, value| {
        if result.is_ok() {
            result = read(&file, path, name, value.shape()).map(|value| {
                values.insert(name.to_owned(), value);
            });
        }
    });
    result?;
    let foreign = |name: &&str| !values.contains_key(*name) && !is_batch_counter(name);
    if let Some(name) = file.names().into_iter().find(foreign) {
        return Err(Kind::ForeignWeights { path: at(), name: name.to_owned() }.into());
    }
    restore(model, |name| values.remove(name));
    Ok(())
}

/// PyTorch keeps a count of batches beside running statistics, which only a cumulative average would need.
fn is_batch_counter(name: &str) -> bool {
    name.rsplit('.').next() == Some("num_batches_tracked")
}

/// One parameter or buffer from a file, checked.
fn read<T: Element>(file: &SafeTensors<'_>, path: &Path, name: &str, shape: &[usize]) -> Result<Tensor<T>> {
    let (path, name) = (path.to_owned(), name.to_owned());
    let Ok(view) = file.tensor(&name) else {
        return Err(Kind::MissingWeights { path, name, expected: format!("shape {shape:?}") }.into());
    };
    if view.dtype() != T::DTYPE {
        let (found, expected) = (view.dtype().to_string(), T::DTYPE.to_string());
        return Err(Kind::WeightType { path, name, found, expected }.into());
    }
    if view.shape() != shape {
        let (found, expected) = (view.shape().to_vec(), shape.to_vec());
        return Err(Kind::WeightShape { path, name, found, expected }.into());
    }
    let values: Vec<T> = view.data().chunks_exact(size_of::<T>()).map(T::take).collect();
    if values.iter().any(|x| !x.is_finite()) {
        return Err(Kind::WeightValue { path, name }.into());
    }
    let array = ArrayD::from_shape_vec(IxDyn(shape), values).expect("the format checks lengths against shapes");
    Ok(Tensor::constant(array))
}
