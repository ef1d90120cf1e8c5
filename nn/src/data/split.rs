//! Parts of a data set: for training and testing, and for cross-validation.

use std::ops::Range;

use autodiff::Real;
use rand::Rng;
use rand::seq::SliceRandom;

use super::dataset::Dataset;
use crate::error::{Error, Result, count, number};

impl<T: Real> Dataset<T> {
    /// Shuffles and splits in two; the first part gets `fraction` of the items, rounded.
    ///
    /// # Errors
    /// If `fraction` is not between 0 and 1, or if a part would be empty.
    #[doc(alias("random_split", "train_test_split"))]
    pub fn split(&self, fraction: f64, rng: &mut impl Rng) -> Result<(Self, Self)> {
        let first = self.share(fraction)?;
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(rng);
        Ok((self.subset(&order[..first]), self.subset(&order[first..])))
    }

    /// Shuffles and splits in two with the classes in the same proportions: the first part gets `fraction` of all items,
    /// rounded, and as near to `fraction` of each class as can be with at least one item of it in either part.
    ///
    /// [`classes`](Self::classes) says what the classes are.
    ///
    /// ```
    /// use ndarray::{Array2, array};
    /// use rand::SeedableRng;
    /// let targets = array![[0.0], [0.0], [0.0], [0.0], [1.0], [1.0]];
    /// let data = nn::Dataset::<f64>::new(Array2::zeros((6, 1)), targets)?;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let (train, test) = data.stratified_split(0.5, &mut rng)?;
    /// assert_eq!((train.targets().sum(), test.targets().sum()), (1.0, 1.0));
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `fraction` is not between 0 and 1, if a part would lack one of the classes, or if the targets are not classes.
    #[doc(alias = "train_test_split")]
    pub fn stratified_split(&self, fraction: f64, rng: &mut impl Rng) -> Result<(Self, Self)> {
        let total = self.share(fraction)?;
        let classes = self.shuffled_classes(2, "in both parts", rng)?;
        if total < classes.len() || self.len() - total < classes.len() {
            let (n, k) = (self.len(), classes.len());
            return Err(Error::data(format!(
                "splitting {n} items at {fraction} leaves one part without some of the {k} classes"
            )));
        }
        let shares = shares(&classes, fraction, total);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (items, share) in classes.iter().zip(shares) {
            first.extend_from_slice(&items[..share]);
            second.extend_from_slice(&items[share..]);
        }
        first.shuffle(rng);
        second.shuffle(rng);
        Ok((self.subset(&first), self.subset(&second)))
    }

    /// Cross-validation: shuffles, splits into `k` parts whose sizes differ by one at most, and gives `k` pairs of
    /// training and validation sets. Each item is in exactly one of the validation sets.
    ///
    /// ```
    /// use ndarray::Array2;
    /// use rand::SeedableRng;
    /// let data = nn::Dataset::<f64>::new(Array2::zeros((10, 2)), Array2::zeros((10, 1)))?;
    /// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
    /// let sizes: Vec<_> = data.k_fold(4, &mut rng)?.map(|(train, valid)| (train.len(), valid.len())).collect();
    /// assert_eq!(sizes, [(7, 3), (7, 3), (8, 2), (8, 2)]);
    /// # Ok::<(), nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `k` is less than 2 or more than the number of items.
    #[doc(alias = "KFold")]
    pub fn k_fold(&self, k: usize, rng: &mut impl Rng) -> Result<Folds<'_, T>> {
        self.check_folds(k)?;
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(rng);
        Ok(Folds::deal(self, &order, k))
    }

    /// As [`k_fold`](Self::k_fold), with the classes in the same proportions: the numbers of a class's items in two parts
    /// differ by one at most. [`classes`](Self::classes) says what the classes are.
    ///
    /// # Errors
    /// If `k` is less than 2, if a class has fewer than `k` items, or if the targets are not classes.
    #[doc(alias = "StratifiedKFold")]
    pub fn stratified_k_fold(&self, k: usize, rng: &mut impl Rng) -> Result<Folds<'_, T>> {
        self.check_folds(k)?;
        // Dealt out class after class, so that sizes differ by one at most too.
        Ok(Folds::deal(self, &self.shuffled_classes(k, "in every fold", rng)?.concat(), k))
    }

    /// How many items are this fraction of all.
    fn share(&self, fraction: f64) -> Result<usize> {
        if !(0.0..=1.0).contains(&fraction) {
            return Err(Error::data(format!("cannot split off a fraction of {}, expected 0 to 1", number(fraction))));
        }
        #[allow(clippy::cast_sign_loss, reason = "neither factor is negative")]
        let share = (fraction * self.len() as f64).round() as usize;
        if share == 0 || share == self.len() {
            return Err(Error::data(format!("splitting {} items at {fraction} leaves one part empty", self.len())));
        }
        Ok(share)
    }

    fn check_folds(&self, k: usize) -> Result<()> {
        if (2..=self.len()).contains(&k) {
            return Ok(());
        }
        Err(Error::data(format!(
            "cannot split {} items into {k} folds, expected from 2 to as many as there are items",
            self.len()
        )))
    }

    /// The items of each class in random order. Each class needs some to be where it has to be.
    fn shuffled_classes(&self, least: usize, place: &str, rng: &mut impl Rng) -> Result<Vec<Vec<usize>>> {
        let mut classes: Vec<Vec<usize>> = Vec::new();
        for (item, class) in self.classes()?.into_iter().enumerate() {
            classes.resize_with(classes.len().max(class + 1), Vec::new);
            classes[class].push(item);
        }
        for (class, items) in classes.iter_mut().enumerate().filter(|(_, items)| !items.is_empty()) {
            if items.len() < least {
                let (class, n) = (self.class_name(class, items[0]), count(items.len(), "item"));
                return Err(Error::data(format!(
                    "class {class} has {n}, expected at least {least} to have one {place}"
                )));
            }
            items.shuffle(rng);
        }
        classes.retain(|items| !items.is_empty());
        Ok(classes)
    }
}

/// How many of each class go to the first of two parts: `total` together, each near its fraction, none or all of none.
fn shares(classes: &[Vec<usize>], fraction: f64, total: usize) -> Vec<usize> {
    let exact = |class: usize| fraction * classes[class].len() as f64;
    #[allow(clippy::cast_sign_loss, reason = "fractions are not negative")]
    let floor = |class: usize| (exact(class).floor() as usize).clamp(1, classes[class].len() - 1);
    let mut shares: Vec<usize> = (0..classes.len()).map(floor).collect();
    // How much too little a class has got; the first one at a tie.
    let lack = |class: usize, shares: &[usize]| exact(class) - shares[class] as f64;
    while shares.iter().sum::<usize>() < total {
        let open = (0..classes.len()).filter(|&class| shares[class] + 1 < classes[class].len());
        let next = open.min_by(|&a, &b| lack(b, &shares).total_cmp(&lack(a, &shares)));
        shares[next.expect("the second part has room for more than one of each class")] += 1;
    }
    while shares.iter().sum::<usize>() > total {
        let open = (0..classes.len()).filter(|&class| shares[class] > 1);
        let next = open.min_by(|&a, &b| lack(a, &shares).total_cmp(&lack(b, &shares)));
        shares[next.expect("the first part has room for one of each class")] -= 1;
    }
    shares
}

/// Pairs of training and validation sets, from [`Dataset::k_fold`] or [`Dataset::stratified_k_fold`].
#[derive(Debug)]
pub struct Folds<'d, T: Real> {
    data: &'d Dataset<T>,
    parts: Vec<Vec<usize>>,
    /// The numbers of the parts that are still to come as validation sets.
    left: Range<usize>,
}

impl<'d, T: Real> Folds<'d, T> {
    /// Deals the items out to `k` parts in turn.
    fn deal(data: &'d Dataset<T>, order: &[usize], k: usize) -> Self {
        let parts = (0..k).map(|part| order.iter().copied().skip(part).step_by(k).collect()).collect();
        Self { data, parts, left: 0..k }
    }
}

impl<T: Real> Iterator for Folds<'_, T> {
    type Item = (Dataset<T>, Dataset<T>);

    fn next(&mut self) -> Option<Self::Item> {
        let valid = self.left.next()?;
        let others = self.parts.iter().enumerate().filter(|(part, _)| *part != valid);
        let train: Vec<usize> = others.flat_map(|(_, part)| part.iter().copied()).collect();
        Some((self.data.subset(&train), self.data.subset(&self.parts[valid])))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<T: Real> ExactSizeIterator for Folds<'_, T> {}
