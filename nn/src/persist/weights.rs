//! A model's weights in a file.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use autodiff::{Real, Tensor};
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};

use super::element::{Codec, Element};
use super::file::{Reader, Writer};
use crate::error::{Error, Kind, Result};
use crate::layer::Layer;
use crate::visit::{distinct, names, restore, stored, try_parameters};

/// Names that start so are not parameters: a checkpoint keeps what training needs besides the weights under them.
pub(crate) const RESERVED: &str = "train/";

/// What a weights file says about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WeightsInfo {
    /// The version of this crate that wrote it.
    pub version: String,
    /// The number type, as the format names it: `F32` or `F64`.
    pub numbers: String,
    /// The model's own description: see [`Layer::architecture`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
}

impl WeightsInfo {
    pub(crate) fn of<T: Real>(model: &(impl Layer<T> + ?Sized), numbers: Dtype) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { version, numbers: numbers.to_string(), architecture: model.architecture() }
    }
}

/// Writes a model's parameters and buffers to a safetensors file, under their names, with a [`WeightsInfo`]. The file
/// appears whole or not at all; one that is there keeps its permissions.
///
/// PyTorch reads it with `safetensors.torch.load_file`; the names are those of a module whose `layers` is a list.
///
/// ```
/// use nn::{Activation, Mlp};
/// use rand::SeedableRng;
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
/// let model = Mlp::<f32>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// let file = std::env::temp_dir().join("nn-persist-doc.safetensors");
/// nn::save(&model, &file)?;
/// let other = Mlp::<f32>::new(&[2, 3, 1], Activation::Tanh, &mut rng);
/// nn::load(&other, &file)?;
/// assert_eq!(other.layers()[0].0.weight().value().view(), model.layers()[0].0.weight().value().view());
/// # Ok::<(), nn::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be written, if a parameter holds a number that is not finite, or if two things in the model have one
/// name; an existing file is left as it was.
#[doc(alias = "state_dict")]
pub fn save<T: Element>(model: &impl Layer<T>, path: impl AsRef<Path>) -> Result<()> {
    distinct(model)?;
    try_parameters(model, |name, param| finite(path.as_ref(), name, &param.value()))?;
    let mut writer = Writer::default();
    put(model, Codec::exact(), &mut writer);
    writer.save(path.as_ref(), &WeightsInfo::of(model, T::DTYPE))
}

/// Reads a model's parameters and buffers from a safetensors file, or from a checkpoint's. PyTorch's
/// `num_batches_tracked` is passed over.
///
/// # Errors
/// If the file cannot be read or is damaged; if a parameter or buffer is missing, or has another shape or number type; if a
/// parameter holds a number that is not finite; if the file holds a tensor that the model does not have; if the file and the model both describe
/// their [architecture](Layer::architecture) and differ. The model is unchanged then.
#[doc(alias = "load_state_dict")]
pub fn load<T: Element>(model: &impl Layer<T>, path: impl AsRef<Path>) -> Result<()> {
    let parameters: HashSet<String> = names(model).into_iter().collect();
    load_with(model, path.as_ref(), &Codec::exact().only(), &|name| parameters.contains(name))
}

/// Loads as [`load`] does, from a file of `f32`, `f64`, `F16` or `BF16`, whichever the model's are: wider numbers are rounded.
///
/// # Errors
/// As [`load`]; a number beyond the range of `f32` is one that is not finite, and buffers hold finite numbers too.
pub fn load_converted<T: Element>(model: &impl Layer<T>, path: impl AsRef<Path>) -> Result<()> {
    load_with(model, path.as_ref(), &|dtype| Codec::exact().reading(dtype), &|_| true)
}

/// Reads what a weights file says about itself; `None` for one that another program wrote.
///
/// # Errors
/// If the file cannot be read or is damaged.
pub fn weights_info(path: impl AsRef<Path>) -> Result<Option<WeightsInfo>> {
    let path = path.as_ref();
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    Reader::new(path, &bytes)?.header()
}

fn load_with<T: Element>(
    model: &impl Layer<T>,
    path: &Path,
    codec: &dyn Fn(Dtype) -> Option<Codec<T>>,
    must_be_finite: &dyn Fn(&str) -> bool,
) -> Result<()> {
    distinct(model)?;
    let bytes = std::fs::read(path).map_err(Error::read(path))?;
    let file = Reader::new(path, &bytes)?;
    let values = take(model, path, &file, codec, T::DTYPE, must_be_finite)?;
    set(model, values);
    Ok(())
}

fn finite<T: Real>(path: &Path, name: &str, value: &Tensor<T>) -> Result<()> {
    if value.is_finite() {
        return Ok(());
    }
    Err(Kind::WeightValue { path: path.to_owned(), name: name.to_owned() }.into())
}

/// Adds a model's parameters and buffers to a file.
pub(crate) fn put<T: Real>(model: &impl Layer<T>, codec: Codec<T>, writer: &mut Writer) {
    stored(model, |name, value| writer.array(codec, name, value));
}

/// Reads all of a model's parameters and buffers, checked. `must_be_finite` says of whose numbers that is asked.
pub(crate) fn take<T: Real>(
    model: &impl Layer<T>,
    path: &Path,
    file: &Reader<'_>,
    codec: &dyn Fn(Dtype) -> Option<Codec<T>>,
    expected: Dtype,
    must_be_finite: &dyn Fn(&str) -> bool,
) -> Result<HashMap<String, Tensor<T>>> {
    let mut values = HashMap::new();
    let mut result = Ok(());
    stored(model, |name, value| {
        if result.is_ok() {
            let value = file.array(codec, expected, name, value.shape());
            result = value.and_then(|value| {
                if must_be_finite(name) {
                    finite(path, name, &value)?;
                }
                values.insert(name.to_owned(), value);
                Ok(())
            });
        }
    });
    result?;
    let known = |name: &str| values.contains_key(name) || name.starts_with(RESERVED) || is_batch_counter(name);
    let foreign = |name: &&str| !known(name);
    if let Some(name) = file.names().into_iter().find(foreign) {
        return Err(Kind::ForeignWeights { path: path.to_owned(), name: name.to_owned() }.into());
    }
    let described = file.header::<WeightsInfo>()?.and_then(|info| info.architecture);
    if let (Some(found), Some(expected)) = (described, model.architecture())
        && found != expected
    {
        return Err(Kind::Architecture { path: path.to_owned(), found, expected }.into());
    }
    Ok(values)
}

/// Gives a model its parameters and buffers.
pub(crate) fn set<T: Real>(model: &impl Layer<T>, mut values: HashMap<String, Tensor<T>>) {
    restore(model, |name| values.remove(name));
}

/// PyTorch keeps a count of batches beside running statistics, which only a cumulative average would need.
fn is_batch_counter(name: &str) -> bool {
    name.rsplit('.').next() == Some("num_batches_tracked")
}
