//! An LSTM with elementwise gates that predicts a sequence, written on numbers and on vectors.

use autodiff::{Tensor, Var, logsumexp};
use ndarray::Array1;

/// Its parameters and the sequence that it is to predict.
pub(crate) struct Lstm {
    /// For each of two layers four weights and four biases in a row each; the weights of the input, and of the output and its bias.
    pub(crate) parameters: Vec<Vec<f64>>,
    sequence: Vec<Vec<f64>>,
    width: usize,
}

fn sigmoid(x: Var<f64>) -> Var<f64> {
    1.0 / (1.0 + (-x).exp())
}

impl Lstm {
    /// Of this width, over so many steps.
    pub(crate) fn new(width: usize, steps: usize) -> Self {
        let numbers = |k: usize, n: usize| -> Vec<f64> {
            (0..n).map(|i| ((31 * k + i).wrapping_mul(7919) % 1009) as f64 / 1009.0 - 0.5).collect()
        };
        let gates = (0..4).map(|k| numbers(k, 4 * width));
        let parameters = gates.chain((4..7).map(|k| numbers(k, width))).collect();
        Self { parameters, sequence: (0..steps).map(|k| numbers(10 + k, width)).collect(), width }
    }

    /// The loss, by numbers.
    pub(crate) fn scalars(&self, p: &[Vec<Var<f64>>]) -> Var<f64> {
        let n = self.width;
        let mut state = [(); 4].map(|()| vec![Var::constant(0.1); n]);
        let mut total = Var::constant(0.0);
        for pair in self.sequence.windows(2) {
            let mut x: Vec<Var<f64>> = (0..n).map(|i| p[4][i] * pair[0][i]).collect();
            for layer in 0..2 {
                let (w, b) = (&p[2 * layer], &p[2 * layer + 1]);
                for i in 0..n {
                    let h = state[2 * layer][i];
                    let gate = |k: usize, x: Var<f64>| x * w[k * n + i] + b[k * n + i];
                    let (forget, keep, out) = (sigmoid(gate(0, x[i])), sigmoid(gate(1, h)), sigmoid(gate(2, x[i])));
                    let cell = state[2 * layer + 1][i] * forget + keep * gate(3, h).tanh();
                    x[i] = out * cell.tanh();
                    (state[2 * layer][i], state[2 * layer + 1][i]) = (x[i], cell);
                }
            }
            let y: Vec<Var<f64>> = (0..n).map(|i| x[i] * p[5][i] + p[6][i]).collect();
            let log = logsumexp(&y);
            for i in 0..n {
                total += (y[i] - log) * pair[1][i];
            }
        }
        -total
    }

    /// The loss, by vectors; gates are cut out of their rows where they are used.
    pub(crate) fn tensors(&self, p: &[Tensor<f64>]) -> Tensor<f64> {
        let n = self.width;
        let mut state = [(); 4].map(|()| Tensor::constant(Array1::from_elem(n, 0.1)));
        let sequence: Vec<Tensor<f64>> = self.sequence.iter().map(|x| Array1::from(x.clone()).into()).collect();
        let mut total = Tensor::scalar(0.0);
        for pair in sequence.windows(2) {
            let mut x = &p[4] * &pair[0];
            for layer in 0..2 {
                let [w, b] = [0, 1].map(|k| p[2 * layer + k].chunks(0, n));
                let h = &state[2 * layer];
                let gate = |k: usize, x: &Tensor<f64>| x * &w[k] + &b[k];
                let (forget, keep, out) = (gate(0, &x).sigmoid(), gate(1, h).sigmoid(), gate(2, &x).sigmoid());
                let cell = &state[2 * layer + 1] * forget + keep * gate(3, h).tanh();
                x = out * cell.tanh();
                (state[2 * layer], state[2 * layer + 1]) = (x.clone(), cell);
            }
            let y = x * &p[5] + &p[6];
            total = total + ((&y - y.logsumexp(0)) * &pair[1]).sum();
        }
        -total
    }
}
