//! The scripted app: what its default habits do, and what each bad one does instead.

mod daemon;
mod faults;
mod habits;
mod random;
mod work;
