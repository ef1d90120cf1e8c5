//! Prints the table's check points, a line each: the row's name and its arguments. `data/derivatives.py` reads them.

use autodiff::rules::{Binary, Unary};

fn main() {
    for f in Unary::ALL {
        for x in f.points() {
            println!("{},{x:?},", f.name());
        }
    }
    for f in Binary::ALL {
        for (a, b) in f.points() {
            println!("{},{a:?},{b:?}", f.name());
        }
    }
}
