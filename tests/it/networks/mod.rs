//! Layers and losses: every one has a case, and every case is checked in every way.

mod cases;
mod dag;
mod harness;
mod layers;
mod lectures;
mod limits;
mod losses;
mod modes;
mod registry;
mod torch;
