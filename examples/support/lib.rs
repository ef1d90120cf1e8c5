//! Empty: cargo wants a library or a program beside examples. The programs stand in this folder's parent.
