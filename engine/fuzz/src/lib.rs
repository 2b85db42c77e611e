//! What the targets share: sound directories to start from ([`base`]), changes to them ([`edit`]),
//! and everything that is done with a directory afterwards ([`exercise`]).

pub mod base;
pub mod edit;
pub mod exercise;
