//! Integration tests, one binary.

mod accuracy;
mod approx;
mod backprop;
mod baseline;
mod blame;
mod calls;
mod check;
mod checkpoint;
mod checkpoint_mistakes;
mod corners;
mod corners_tensor;
mod costs;
mod data_files;
mod data_sets;
mod determinants;
mod diagnostics;
mod edge_orders;
mod edges;
mod elementwise;
mod explain;
mod faults;
mod forms;
mod fuzz;
mod golden;
mod graph;
mod guide;
mod handles;
mod implicit;
mod interop;
mod kinks;
mod least_squares;
mod licences;
mod many;
mod metrics;
mod minimize;
mod nalgebra;
mod nasty_names;
mod nested_functions;
mod nesting;
mod networks;
mod numeric;
mod objectives;
mod open_engine;
mod operands;
mod ops;
mod optim;
mod optim_state;
mod orders;
mod own_layer;
mod own_layer_modes;
mod own_loss;
mod own_ops;
mod own_transform;
mod packages;
mod panics;
mod parameters;
mod program;
mod programs;
mod properties;
mod public_api;
mod random;
mod regularizer;
mod resume;
mod rolled;
mod rows;
mod saved;
mod scales;
mod send_var;
mod shapes;
mod shapes_matrix;
mod sparse;
mod stacks;
mod threads;
mod torch;
mod trainer;
mod training;
mod vmath;
mod weights;
mod wrong_op;

use tests::is_long;

/// What the tests of programs as loops run: the program as it is. `tests/native` runs them as native code.
fn compiled<T: autodiff::Real>(program: autodiff::Program<T>) -> autodiff::Program<T> {
    program
}
