//! W1 with dfdx: answers every line of the input, a number of seconds, with the median time of a step in microseconds, and
//! prints its peak memory in MiB at the end of the input. `training.py` runs it beside the others.

use std::io::BufRead;
use std::time::Instant;

use dfdx::optim::{Sgd, SgdConfig};
use dfdx::prelude::*;

type Model = ((Linear<2, 2>, Sigmoid), (Linear<2, 1>, Sigmoid));

/// Element `i` of stream `s`, in [-1, 1).
fn symmetric(s: u64, i: u64) -> f32 {
    let mut z = (s << 32).wrapping_add(i).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (2.0 * ((z >> 40) as f64 * 2f64.powi(-24)) - 1.0) as f32
}

fn bias(s: u64, i: u64) -> f32 {
    (0.1 * f64::from(symmetric(s, i))) as f32
}

fn main() {
    let device = Cpu::default();
    let mut model = device.build_module::<Model, f32>();
    // Streams are inputs × outputs, the layers outputs × inputs.
    model.0.0.weight = device.tensor([0, 1].map(|o| [0, 1].map(|i| symmetric(1000, 2 * i + o))));
    model.0.0.bias = device.tensor([0, 1].map(|o| bias(1100, o)));
    model.1.0.weight = device.tensor([[0, 1].map(|i| symmetric(1001, i))]);
    model.1.0.bias = device.tensor([bias(1101, 0)]);
    let x = device.tensor([[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let t = device.tensor([[0.0_f32], [1.0], [1.0], [0.0]]);
    let mut sgd = Sgd::new(&model, SgdConfig { lr: 0.5, momentum: None, weight_decay: None });
    let mut gradients = Some(model.alloc_grads());
    let mut step = || {
        let y = model.forward(x.trace(gradients.take().expect("put back")));
        let loss = mse_loss(y, t.clone());
        let value = loss.array();
        let mut found = loss.backward();
        sgd.update(&mut model, &found).expect("all parameters are used");
        model.zero_grads(&mut found);
        gradients = Some(found);
        value
    };
    let first = step();
    assert!((first - 0.252_616_6).abs() < 5e-6, "the first step gives {first}");
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let seconds: f64 = line.expect("text").trim().parse().expect("seconds");
        let (mut times, start) = (Vec::new(), Instant::now());
        while start.elapsed().as_secs_f64() < seconds {
            let begin = Instant::now();
            for _ in 0..100 {
                step();
            }
            times.push(begin.elapsed().as_secs_f64() * 1e4);
        }
        times.sort_by(f64::total_cmp);
        println!("{}", times[times.len() / 2]);
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line on the peak");
    println!("{}", peak.trim().trim_end_matches(" kB").parse::<f64>().expect("kilobytes") / 1024.0);
}
