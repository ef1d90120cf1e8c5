//! Matrix factorisation: user `u` rates film `f` by `b_u + c_f + p_u · q_f`, numbers looked up by ids. A user without ratings
//! stays as he was drawn, in spite of momentum and weight decay.
//!
//! `cargo run --release -p examples --example embedding`

use autodiff::Tensor;
use ndarray::Array1;
use nn::{AdamW, Batch, Dataset, Embedding, Init, Layer, Trainer, Visit, loss, metrics};
use rand::{Rng, SeedableRng};

const USERS: usize = 80;
const FILMS: usize = 50;
/// Users who rate; the others come later.
const RATING: usize = 76;

struct Ratings {
    user: Embedding<f64>,
    film: Embedding<f64>,
    user_bias: Embedding<f64>,
    film_bias: Embedding<f64>,
}

impl Ratings {
    fn new(width: usize, rng: &mut impl Rng) -> Self {
        let mut table = |count, width| Embedding::from_weights(Init::Normal(0.1).sample(&[count, width], 1, 1, rng));
        Self { user: table(USERS, width), film: table(FILMS, width), user_bias: table(USERS, 1), film_bias: table(FILMS, 1) }
    }

    fn of(&self, batch: &Batch<f64>) -> Tensor<f64> {
        let (u, f) = (batch.ids("user"), batch.ids("film"));
        let biases = self.user_bias.lookup(u) + self.film_bias.lookup(f);
        (self.user.lookup(u) * self.film.lookup(f)).sum_axis(1) + biases.squeeze(1)
    }
}

impl Layer<f64> for Ratings {
    /// All films' ratings by some users.
    fn forward(&self, users: &Tensor<f64>) -> Tensor<f64> {
        let (film, bias) = (self.film.weight().tensor(), self.film_bias.weight().tensor());
        self.user.forward(users).linear(&film, &bias.squeeze(1)) + self.user_bias.forward(users)
    }

    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("user", &self.user);
        v.layer("film", &self.film);
        v.layer("user_bias", &self.user_bias);
        v.layer("film_bias", &self.film_bias);
    }
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    let mut normal = |deviation, shape: [usize; 2]| Init::Normal(deviation).sample::<f64>(&shape, 1, 1, &mut rng);
    let (taste, bias) = (normal(1.0, [RATING, 3]).matmul(&normal(0.7, [3, FILMS])), 3.0 + normal(0.5, [1, FILMS]));
    let truth = (taste + bias + normal(0.1, [RATING, FILMS])).to_array();
    let ids = |of: fn((usize, usize)) -> usize| Array1::from_iter((0..RATING * FILMS).map(|k| of((k / FILMS, k % FILMS))));
    let all = Dataset::default().with_ids("user", ids(|(u, _)| u))?.with_ids("film", ids(|(_, f)| f))?;
    let (train, test) = all.with("rating", truth.flatten().into_owned())?.split(0.7, &mut rng)?;

    let model = Ratings::new(3, &mut rng);
    let drawn = model.user.weight().value();
    let objective = |model: &Ratings, batch: &Batch<f64>| loss::squared_error(&model.of(batch), batch.array("rating"));
    let some = train.batch(&[0, 1, 2, 3]);
    nn::check::model(&model, |model| objective(model, &some)).assert_pass();
    let mut trainer = Trainer::objective(model, objective, AdamW::new(0.01).decoupled_weight_decay(0.1)).epochs(30);
    let rmse = trainer.fit(&train, &test)?.last().expect("an epoch").valid_loss.sqrt();
    let model = trainer.model();
    println!("ratings not seen: error {rmse:.3}, of which 0.1 is noise");
    assert!(rmse < 0.2);
    let learned = model.user.weight().value();
    assert_eq!(learned.narrow(0, RATING..USERS).view(), drawn.narrow(0, RATING..USERS).view());
    assert!(learned.narrow(0, 0..RATING).not_equal(&drawn.narrow(0, 0..RATING)).min_all().item() == 1.0);
    // The film for the first user.
    let best = metrics::classes(&model.forward(&Tensor::constant(ndarray::array![0.0])))[0];
    assert!(truth.row(0).iter().filter(|&&rating| rating > truth[[0, best]]).count() < 3, "one of the best three");
    Ok(())
}
