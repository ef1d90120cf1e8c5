//! What can go wrong between a chart and its file: all wording in one place.

use std::path::PathBuf;

/// Why a picture was not written; its text is one line that names the file or the image at fault.
///
/// ```
/// use nn::plot::LineChart;
///
/// let error = LineChart::new("loss").save("loss.jpg").unwrap_err();
/// assert_eq!(error.to_string(), "cannot write loss.jpg: the extension must be .svg or .png");
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(super) enum Kind {
    #[error("cannot write {}: the extension must be .svg or .png", .path.display())]
    Extension { path: PathBuf },
    #[error("cannot write {}: there is no folder {}", .path.display(), .folder.display())]
    Folder { path: PathBuf, folder: PathBuf },
    #[error("cannot write {}: {cause}", .path.display())]
    Write { path: PathBuf, cause: std::io::Error },
    #[error("cannot draw {width}×{height} pixels: each side must be from 1 to {most}")]
    Size { width: u32, height: u32, most: u32 },
    #[error("an image grid needs at least 1 column")]
    Columns,
    #[error("image {index} has {found} pixels, expected {rows}×{cols}")]
    Pixels { index: usize, found: usize, rows: usize, cols: usize },
}
