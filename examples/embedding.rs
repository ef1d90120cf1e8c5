//! Matrix factorisation: user `u` rates film `f` by `c_f + p_u · q_f`, vectors that are looked up by ids. A user without
//! ratings stays as he was drawn, in spite of momentum and weight decay.
//!
//! `cargo run --release -p examples --example embedding`

use autodiff::Tensor;
use ndarray::{Array1, s};
use nn::{AdamW, Batch, Dataset, Embedding, Layer, Trainer, Visit, loss, metrics};
use rand::{Rng, SeedableRng};

struct Ratings {
    user: Embedding<f64>,
    film: Embedding<f64>,
    level: Embedding<f64>,
}
impl Ratings {
    fn new(users: usize, films: usize, width: usize, rng: &mut impl Rng) -> Self {
        let mut table = |count, width| Embedding::from_weights(0.1 * Tensor::randn(&[count, width], rng));
        Self { user: table(users, width), film: table(films, width), level: table(films, 1) }
    }
    fn of(&self, batch: &Batch<f64>) -> Tensor<f64> {
        let (user, film) = (batch.ids("user"), batch.ids("film"));
        (self.user.lookup(user) * self.film.lookup(film)).sum_axis(1) + self.level.lookup(film).squeeze(1)
    }
}
impl Layer<f64> for Ratings {
    /// What users, by number, would say of each film.
    fn forward(&self, users: &Tensor<f64>) -> Tensor<f64> {
        self.user.forward(users).linear(&self.film.weight().tensor(), &self.level.weight().tensor().squeeze(1))
    }
    fn visit(&self, v: &mut Visit<'_, f64>) {
        v.layer("user", &self.user);
        v.layer("film", &self.film);
        v.layer("level", &self.level);
    }
}

fn main() -> nn::Result<()> {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    // The last four users have rated none of the films.
    let [users, raters, films] = [80, 76, 50];
    let mut normal = |rows, columns| Tensor::<f64>::randn(&[rows, columns], &mut rng);
    let truth = 0.7 * normal(raters, 3).matmul(&normal(3, films)) + 0.5 * normal(1, films) + 3.0;
    let ratings = (&truth + 0.1 * normal(raters, films)).flatten().to_array();
    let ids = |of: &dyn Fn(usize) -> usize| (0..raters * films).map(of).collect::<Array1<_>>();
    let data = Dataset::default().with_ids("user", ids(&|k| k / films))?.with_ids("film", ids(&|k| k % films))?;
    let (train, test) = data.with("rating", ratings)?.split(0.7, &mut rng)?;

    let (model, adam) = (Ratings::new(users, films, 3, &mut rng), AdamW::new(0.03));
    let drawn = model.user.weight().value().to_array();
    let objective = |model: &Ratings, batch: &Batch<f64>| loss::squared_error(&model.of(batch), batch.array("rating"));
    let mut trainer = Trainer::objective(model, objective, adam).epochs(100);
    let rmse = trainer.fit(&train, &test)?.last().expect("an epoch").valid_loss.sqrt();
    println!("error of ratings not seen: {rmse:.3}, of which 0.1 is noise");
    let learned = trainer.model().user.weight().value().to_array();
    assert!(rmse < 0.15);
    assert_eq!(learned.slice(s![raters.., ..]), drawn.slice(s![raters.., ..]));
    // Each user's favourite film.
    let each = Tensor::arange(0.0, raters as f64, 1.0);
    let (said, best) = (metrics::classes(&trainer.model().forward(&each)), metrics::classes(&truth));
    assert!(said.iter().zip(&best).filter(|(said, best)| said == best).count() > 65);
    Ok(())
}
