//! Prints the table of edge values, from the rule table and `data/edges.csv`:
//! `cargo run -q -p tests --example edges > autodiff/src/rules/edges.md`. With `points`, the points alone, for `data/edges.py`.

use tests::edges;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("points") {
        for (name, at) in edges::points() {
            let second = at.get(1).map(|b| format!("{b:?}")).unwrap_or_default();
            println!("{name},{:?},{second}", at[0]);
        }
    } else {
        print!("{}", edges::table(include_str!("../data/edges.csv")));
    }
}
