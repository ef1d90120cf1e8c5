//! What has to grow no faster than what is asked for: counted, not timed. And the same gradients, to the bit, however much else
//! stands on the tape.

use allocation_counter::measure;
use autodiff::{Tape, Tensor, Var, checkpoint, dot, fuse, logsumexp, product, sum};
use ndarray::{Array1, Array2, array, s};

/// Records so many numbers and tensors that have nothing to do with anything.
fn unrelated(tape: &Tape<f64>, times: usize) {
    let x = tape.var(1.5);
    let t = tape.tensor(array![1.0, 2.0]);
    for k in 0..times {
        let y = sum([x, x * x, x.sin()]) + k as f64;
        let _ = (&t * &t).at([1]) * y;
    }
}

/// Numbers of every kind of entry, with unrelated entries in between.
fn numbers(tape: &Tape<f64>, x: &[Var<f64>], times: usize) -> Vec<Var<f64>> {
    let gap = || unrelated(tape, times);
    let a = x[0] * x[1] - 0.25;
    gap();
    let b = (2.0 - a).exp() / x[2];
    gap();
    let c = sum([a, b, x[2]]) + logsumexp([a, x[1]]);
    gap();
    let d = dot([b, c, Var::constant(3.0)], [x[0], a, b]);
    gap();
    let e = product([d, a, x[1], Var::constant(0.5)]).tanh();
    gap();
    let states = checkpoint::sequence(&[a, d], 3, |s, k| [s[0] * s[1].sin(), s[1] + s[0] * (k as f64)]);
    gap();
    vec![a, b, c, d, e, states[0] * states[1] + e]
}

/// Numbers and tensors together: parts, elements, products, a tensor of numbers.
fn tensors(tape: &Tape<f64>, x: &[Var<f64>], t: &Tensor<f64>, times: usize) -> (Tensor<f64>, Tensor<f64>) {
    let gap = || unrelated(tape, times);
    let rows = t.chunks(0, 1);
    gap();
    let inner = (&rows[0] * &rows[2] + rows[1].tanh()).matmul(&t.narrow(1, 0..2));
    gap();
    let back = t.slice(s![..;-1, 1]) * t.index_select(0, &[2, 0, 0]).sum_axes(&[1], false);
    gap();
    let scalar = inner.at([0, 1]) * x[0] + back.at([2]);
    gap();
    let of = Tensor::from_vars(&[scalar, x[1], scalar * x[2], Var::constant(2.0)], &[2, 2]);
    gap();
    let y = (of.square().sum() + inner.sum() * back.sum()).ln();
    (inner, y)
}

/// All derivatives asked for in several ways, on a tape with so much else.
fn derivatives(times: usize) -> Vec<f64> {
    let tape = Tape::new();
    let x = tape.vars(&[0.7, 1.3, 0.9]);
    let t = tape.tensor(array![[0.1, 0.2, 0.3], [0.4, -0.5, 0.6], [0.7, 0.8, -0.9]]);
    unrelated(&tape, 40 * times);
    let mut all = Vec::new();
    let found = numbers(&tape, &x, times);
    let (y, a, d) = (found[5], found[0], found[3]);
    let g = y.backward();
    all.extend(x.iter().chain(&found).map(|&x| g.wrt(x)));
    all.extend(found[2].backward().get(x[1]));
    for wrt in [&x[..], &[a], &[d, x[0]], &[d], &[y]] {
        let first = y.grad(wrt);
        all.extend(first.iter().map(|g| g.value()));
        for g in first.iter().filter(|g| g.is_tracked()) {
            all.extend(g.grad(&x).iter().map(|g| g.value()));
            all.extend(x.iter().map(|&x| g.backward().wrt(x)));
        }
    }
    // Fused, and of the first order.
    let z = fuse([x[0], a], |[x, a]| x * a.sin());
    unrelated(&tape, times);
    let z = z * d;
    all.extend([x[0], x[1], a].map(|x| z.backward().wrt(x)));

    let (inner, y) = tensors(&tape, &x, &t, times);
    let g = y.backward();
    all.extend(g.wrt(&t));
    all.extend(g.wrt(&inner));
    all.extend(x.iter().map(|&x| g.wrt(x)));
    for wrt in [&t, &inner] {
        let first = &y.grad(&[wrt])[0];
        all.extend(first.to_array());
        all.extend(first.square().sum().backward().wrt(&t));
        all.extend(first.square().sum().grad(&[&t])[0].to_array());
    }
    all.extend(y.grad(&x).iter().map(|g| g.value()));
    let along = tape.directional(&y, &[(&t, &Tensor::ones(&[3, 3]))]);
    all.push(along.item());
    all.extend(along.backward().wrt(&t));
    all
}

#[test]
fn gradients_do_not_depend_on_what_else_is_on_the_tape() {
    let alone: Vec<u64> = derivatives(0).into_iter().map(f64::to_bits).collect();
    assert!(alone.len() > 100, "{}", alone.len());
    for times in [1, 30, 300] {
        let among_others: Vec<u64> = derivatives(times).into_iter().map(f64::to_bits).collect();
        assert_eq!(among_others, alone, "{times}");
    }
}

/// A stretch in which most counts, far from the tape's beginning, that reads numbers from before.
#[test]
fn a_dense_stretch_reads_what_is_before_it() {
    let derivative = |times| {
        let tape = Tape::new();
        let (x, t) = (tape.vars(&[0.3, 0.4]), tape.tensor(array![0.5, 0.6]));
        unrelated(&tape, times);
        let start = x[0] * x[1];
        let mut y = start;
        for k in 0..200 {
            y = (y * x[k % 2] + start).sin() * (1.0 + k as f64 / 1000.0);
            y = y + (&t * Tensor::from(y)).sum().at([]);
        }
        let g = y.grad(&[start])[0];
        [y.value(), g.value(), g.grad(&[start])[0].value(), g.grad(&x)[1].value()].map(f64::to_bits)
    };
    assert_eq!(derivative(0), derivative(2000));
}

/// The least that is allocated in some tries: lists grow now and then.
fn bytes(mut f: impl FnMut()) -> u64 {
    (0..5).map(|_| measure(&mut f).bytes_total).min().expect("five")
}

#[test]
fn a_gradient_costs_what_lies_between() {
    let [short, long] = [500, 50_000].map(|times| {
        let tape = Tape::new();
        let (first, of) = (tape.var(0.5), tape.tensor(array![1.0, 2.0]));
        unrelated(&tape, times);
        let (late, t) = (tape.var(0.5), tape.tensor(array![1.0, 2.0]));
        [
            bytes(|| drop((late * late + 1.0).grad(&[late]))),
            bytes(|| drop((first * late + 1.0).grad(&[first, late]))),
            bytes(|| drop((first * first + 1.0).backward())),
            bytes(|| drop((&t * &t).sum().grad(&[&t]))),
            bytes(|| drop((&of * &t).sum().grad(&[&of]))),
            bytes(|| drop((&of * &t).sum().backward())),
        ]
    });
    for (short, long) in short.into_iter().zip(long) {
        assert!(short < 8_000 && long < 8_000, "{short} and {long} bytes");
    }
}

/// The additions of adjoints by rows: their numbers are variables of another tape, which counts.
#[test]
fn rows_add_up_in_place() {
    type Row = fn(&Tensor<Var<f64>>, usize) -> Tensor<Var<f64>>;
    let kinds: [(&str, Row); 5] = [
        ("narrow", |x, i| x.narrow(0, i..i + 1)),
        ("slice", |x, i| x.slice(s![i, ..])),
        ("slice backward", |x, i| x.slice(s![i, ..;-1])),
        ("index_select", |x, i| x.index_select(0, &[i])),
        ("index_select twice", |x, i| x.index_select(0, &[i, i])),
    ];
    for (name, row) in kinds {
        let [few, many] = [40, 160].map(|n| {
            let (counting, tape) = (Tape::<f64>::new(), Tape::<Var<f64>>::new());
            let weight = Tensor::scalar(counting.var(2.0));
            let x = tape.tensor(Array2::from_elem((n, 2), Var::constant(1.0)));
            let mut total = Tensor::scalar(Var::constant(0.0));
            for i in 0..n {
                total = total + (row(&x, i) * &weight).sum();
            }
            let before = counting.len();
            let g = total.backward();
            let plain = counting.len() - before;
            // Recorded, the pieces come together as one entry.
            let recorded = total.grad(&[&x]);
            assert!(recorded[0].to_array() == g.wrt(&x), "{name}");
            let count = [plain, counting.len() - before - plain];
            assert!(g.wrt(&x).iter().all(|g| g.value() == if name.ends_with("twice") { 4.0 } else { 2.0 }), "{name}");
            count
        });
        for (few, many) in few.into_iter().zip(many) {
            assert!(many <= 4 * few + 16, "{name}: {few} entries for 40 rows, {many} for 160");
        }
    }
}

/// The gradient of a table of which few rows are read is these rows, until somebody asks for the whole.
#[test]
fn few_rows_of_a_table_make_no_table() {
    let (tape, n) = (Tape::new(), 10_000);
    let table = tape.tensor(Array2::from_shape_fn((n, 16), |(i, j)| (i % 7 + j) as f64));
    let few = table.index_select(0, &[7, 3, 7]).square().sum();
    let rows = [3, 7, 9];
    let (mut g, mut found) = (None, None);
    let counted = measure(|| {
        g = Some(few.backward());
        found = g.as_ref().and_then(|g| g.rows(&table, &rows));
    });
    assert!(counted.bytes_total < 40_000, "{counted:?}");
    let (g, found) = (g.expect("measured"), found.expect("measured"));
    let of = |whole: &Tensor<f64>| whole.index_select(0, &rows).to_array();
    assert_eq!(found.to_array(), of(g.tensor(&table).expect("reached")));
    assert_eq!(g.wrt(&table), few.grad(&[&table])[0].to_array());
    // Read again, and as a whole, it is the sum.
    let again = &few
        + table.index_select(0, &[9, 3]).sum()
        + table.square().sum() * 0.5
        + Tensor::from_vars(&[table.at([5, 5])], &[]);
    let g = again.backward();
    assert_eq!(g.wrt(&table), again.grad(&[&table])[0].to_array());
    assert_eq!(g.rows(&table, &rows).expect("reached").to_array(), of(g.tensor(&table).expect("reached")));
    let other = tape.tensor(Array2::from_elem((2, 2), 1.0));
    assert!(g.rows(&other, &[1]).is_none());
}

/// Adjoints of what nobody has a handle of are given up as the sweep passes on.
#[test]
fn a_sweep_holds_few_adjoints() {
    let tape = Tape::new();
    let x = tape.tensor(Array1::from_elem(1000, 0.5));
    let (mut y, mut kept) = (x.clone(), Vec::new());
    for k in 0..400 {
        y = (&y * 1.01).tanh();
        if k == 200 {
            kept.push(y.clone());
        }
    }
    let root = y.sum();
    drop(y);
    let mut g = None;
    let counted = measure(|| g = Some(root.backward()));
    assert!(counted.bytes_total < 40 * 8_000, "{counted:?}");
    let g = g.expect("measured");
    // Who has a handle may ask.
    assert!(g.wrt(&kept[0]).iter().all(|&g| g > 0.0) && g.wrt(&x).iter().all(|&g| g > 0.0));
    assert_eq!(g.why_missing(&kept[0]), None);
}
