//! A safetensors file: arrays by name, and a header that says what they are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use autodiff::{Real, Tensor};
use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::element::Codec;
use crate::atomic;
use crate::error::{Error, Kind, Result};

/// The metadata's one key: with several the format's writer would put them in an order that differs from run to run.
const HEADER: &str = "nn";

/// A file to be written.
#[derive(Default)]
pub(crate) struct Writer {
    arrays: Vec<(String, Dtype, Vec<usize>, Vec<u8>)>,
}

impl Writer {
    pub(crate) fn array<T: Real>(&mut self, codec: Codec<T>, name: impl Into<String>, array: &Tensor<T>) {
        let mut bytes = Vec::with_capacity(codec.size() * array.len());
        array.view().iter().for_each(|&x| (codec.put)(x, &mut bytes));
        self.arrays.push((name.into(), codec.dtype, array.shape().to_vec(), bytes));
    }

    pub(crate) fn numbers(&mut self, name: impl Into<String>, numbers: &[f64]) {
        let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.arrays.push((name.into(), Dtype::F64, vec![numbers.len()], bytes));
    }

    /// Writes the file. It appears whole or not at all.
    pub(crate) fn save(&self, path: &Path, header: &impl Serialize) -> Result<()> {
        let views = self.arrays.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes).expect("as many bytes as the shape says");
            (name.as_str(), view)
        });
        let header = serde_json::to_string(header).expect("plain data");
        let bytes = safetensors::serialize(views, Some(HashMap::from([(HEADER.to_owned(), header)])));
        atomic::write(path, &bytes.expect("names and shapes are valid"))
    }
}

/// A file that was read.
pub(crate) struct Reader<'b> {
    path: PathBuf,
    file: SafeTensors<'b>,
    header: Option<String>,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(path: &Path, bytes: &'b [u8]) -> Result<Self> {
        let damaged = |error: safetensors::SafeTensorError| Error::weights(path, error.to_string());
        let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let header = metadata.metadata().as_ref().and_then(|all| all.get(HEADER)).cloned();
        Ok(Self { path: path.to_owned(), file, header })
    }

    /// What the file says about itself; `None` if it is not one of ours.
    pub(crate) fn header<H: DeserializeOwned>(&self) -> Result<Option<H>> {
        let read = |text: &String| {
            serde_json::from_str(text).map_err(|error| Error::weights(&self.path, format!("its header: {error}")))
        };
        self.header.as_ref().map(read).transpose()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.file.names();
        names.sort_unstable();
        names
    }

    fn find(&self, name: &str, expected: impl FnOnce() -> String) -> Result<TensorView<'b>> {
        self.file.tensor(name).map_err(|_| {
            Kind::MissingWeights { path: self.path.clone(), name: name.to_owned(), expected: expected() }.into()
        })
    }

    /// An array, checked. `codec` says what numbers it may hold.
    pub(crate) fn array<T: Real>(
        &self,
        codec: impl Fn(Dtype) -> Option<Codec<T>>,
        expected: Dtype,
        name: &str,
        shape: &[usize],
    ) -> Result<Tensor<T>> {
        let view = self.find(name, || format!("shape {shape:?}"))?;
        let (path, name) = (self.path.clone(), name.to_owned());
        let Some(codec) = codec(view.dtype()) else {
            let (found, expected) = (view.dtype().to_string(), expected.to_string());
            return Err(Kind::WeightType { path, name, found, expected }.into());
        };
        if view.shape() != shape {
            let (found, expected) = (view.shape().to_vec(), shape.to_vec());
            return Err(Kind::WeightShape { path, name, found, expected }.into());
        }
        Ok(tensor(codec, &view))
    }

    /// An array of whatever shape it has.
    pub(crate) fn any<T: Real>(&self, codec: Codec<T>, name: &str) -> Result<Tensor<T>> {
        let view = self.find(name, || "an array of this name".to_owned())?;
        let shape = view.shape().to_vec();
        self.array(codec.only(), codec.dtype, name, &shape)
    }

    /// A list of numbers.
    pub(crate) fn numbers(&self, name: &str, count: usize) -> Result<Vec<f64>> {
        let numbers = self.array(Codec::<f64>::exact().only(), Dtype::F64, name, &[count])?;
        Ok(numbers.to_array().into_iter().collect())
    }
}

fn tensor<T: Real>(codec: Codec<T>, view: &TensorView<'_>) -> Tensor<T> {
    let values: Vec<T> = view.data().chunks_exact(codec.size()).map(codec.take).collect();
    let array = ArrayD::from_shape_vec(IxDyn(view.shape()), values);
    Tensor::constant(array.expect("the format checks lengths against shapes"))
}
