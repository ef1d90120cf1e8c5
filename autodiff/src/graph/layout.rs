//! Where the boxes and arrows of a graph are placed: in layers from the top down, ordered so that few arrows cross.

/// A box's corner and size.
pub(super) type Rect = (f64, f64, f64, f64);
/// A point of an arrow.
pub(super) type Point = (f64, f64);

/// Between two boxes side by side, and between lanes.
const APART: f64 = 36.0;
const LANE: f64 = 14.0;
/// Between two layers.
const BELOW: f64 = 48.0;
/// How often layers are ordered and shifted anew, down and up.
const SWEEPS: usize = 13;

/// A box, or a place where arrows from one box go past a layer on their way further down.
struct Cell {
    layer: usize,
    width: f64,
    height: f64,
    group: Option<usize>,
    above: Vec<usize>,
    below: Vec<usize>,
    middle: f64,
}

/// Where everything is.
#[derive(Default)]
pub(super) struct Places {
    pub(super) nodes: Vec<Rect>,
    /// For each edge: pairs of points; arrows go straight within a pair, and swing from one to the next.
    pub(super) arrows: Vec<Vec<[Point; 2]>>,
}

/// Places boxes of these sizes, which may be in groups, and arrows between them.
pub(super) fn place(sizes: &[(f64, f64)], groups: &[Option<usize>], edges: &[(usize, usize)]) -> Places {
    let layers = layers(sizes.len(), groups, edges);
    let cell = |((&(width, height), &layer), &group): ((&(f64, f64), &usize), &Option<usize>)| Cell {
        layer,
        width,
        height,
        group,
        above: Vec::new(),
        below: Vec::new(),
        middle: 0.0,
    };
    let mut cells: Vec<Cell> = sizes.iter().zip(&layers).zip(groups).map(cell).collect();
    let routes: Vec<Vec<usize>> = routes(&mut cells, edges);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); layers.iter().max().map_or(0, |last| last + 1)];
    (0..cells.len()).for_each(|i| rows[cells[i].layer].push(i));
    for row in &rows {
        pack(&mut cells, row);
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for k in 0..rows.len() {
            let row = &mut rows[if down { k } else { layers.iter().max().unwrap_or(&0) - k }];
            if sweep < SWEEPS - 4 {
                order(&cells, row, down);
            }
            shift(&mut cells, row, |cell| if down { &cell.above } else { &cell.below });
        }
    }
    let mut tops = Vec::with_capacity(rows.len());
    let mut y = 0.0;
    for row in &rows {
        let height = row.iter().map(|&i| cells[i].height).fold(0.0, f64::max);
        tops.push((y, y + height));
        y += if height == 0.0 { LANE } else { height + BELOW };
    }
    let rect = |cell: &Cell| {
        let (top, bottom) = tops[cell.layer];
        (cell.middle - cell.width / 2.0, (top + bottom - cell.height) / 2.0, cell.width, cell.height)
    };
    let nodes: Vec<Rect> = cells[..sizes.len()].iter().map(rect).collect();
    let arrows = edges.iter().zip(&routes).map(|(&(from, to), lane)| {
        let ((x0, y0, w0, h0), (x1, y1, w1, h1)) = (nodes[from], nodes[to]);
        let down = layers[from] < layers[to];
        let start = (x0 + w0 / 2.0, if down { y0 + h0 } else { y0 });
        let last = lane.last().map_or(start.0, |&i| cells[i].middle);
        // Towards where the arrow comes from, but not into the rounded corners.
        let room = (w1 / 2.0 - 12.0).max(0.0);
        let end = (x1 + w1 / 2.0 + (last - x1 - w1 / 2.0).clamp(-room, room) / 2.0, if down { y1 } else { y1 + h1 });
        let past = lane.iter().map(|&i| {
            let (top, bottom) = tops[cells[i].layer];
            [(cells[i].middle, top), (cells[i].middle, bottom)]
        });
        [[start, start]].into_iter().chain(past).chain([[end, end]]).collect()
    });
    Places { arrows: arrows.collect(), nodes }
}

/// The layer of each box: below all that it reads, with one between for what is in another group. What reads nothing stands
/// right above its first reader.
fn layers(n: usize, groups: &[Option<usize>], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layers = vec![0; n];
    // As many rounds as a path may have edges; where they lead in a circle the drawing ends somewhere.
    for _ in 0..n {
        let mut changed = false;
        for &(from, to) in edges.iter().filter(|(from, to)| from != to) {
            let below = layers[from] + 1 + usize::from(groups[from] != groups[to]);
            if layers[to] < below && below < 2 * n {
                (layers[to], changed) = (below, true);
            }
        }
        if !changed {
            break;
        }
    }
    let mut reads = vec![false; n];
    let mut first = vec![usize::MAX; n];
    for &(from, to) in edges {
        reads[to] = true;
        first[from] = first[from].min(layers[to]);
    }
    for i in (0..n).filter(|&i| !reads[i] && first[i] != usize::MAX && first[i] > 0) {
        layers[i] = first[i] - 1;
    }
    layers
}

/// Where each edge goes past layers: all from one box share their way.
fn routes(cells: &mut Vec<Cell>, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut lanes: Vec<Vec<usize>> = vec![Vec::new(); cells.len()];
    let mut routes = Vec::with_capacity(edges.len());
    for &(from, to) in edges {
        let between = cells[to].layer.saturating_sub(cells[from].layer + 1);
        while lanes[from].len() < between {
            let (before, i) = (lanes[from].last().copied().unwrap_or(from), cells.len());
            let layer = cells[before].layer + 1;
            cells[before].below.push(i);
            let above = vec![before];
            cells.push(Cell { layer, width: LANE, height: 0.0, group: None, above, below: Vec::new(), middle: 0.0 });
            lanes[from].push(i);
        }
        let route = lanes[from][..between].to_vec();
        let last = route.last().copied().unwrap_or(from);
        if cells[last].layer < cells[to].layer {
            cells[last].below.push(to);
            cells[to].above.push(last);
        }
        routes.push(route);
    }
    routes
}

fn room(a: &Cell, b: &Cell) -> f64 {
    let apart = if a.height == 0.0 || b.height == 0.0 { LANE } else { APART };
    f64::midpoint(a.width, b.width) + apart
}

/// Side by side, around 0.
fn pack(cells: &mut [Cell], row: &[usize]) {
    let mut x = 0.0;
    for (k, &i) in row.iter().enumerate() {
        x += if k == 0 { 0.0 } else { room(&cells[row[k - 1]], &cells[i]) };
        cells[i].middle = x;
    }
    for &i in row {
        cells[i].middle -= x / 2.0;
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// By where neighbours are, groups kept together.
fn order(cells: &[Cell], row: &mut [usize], down: bool) {
    let wish = |i: usize| {
        let near = if down { &cells[i].above } else { &cells[i].below };
        mean(near.iter().map(|&k| cells[k].middle)).unwrap_or(cells[i].middle)
    };
    let members = row.to_vec();
    let key = |&i: &usize| {
        let group = cells[i].group;
        let together = members.iter().filter(|&&k| group.is_some() && cells[k].group == group);
        (mean(together.map(|&k| wish(k))).unwrap_or(wish(i)), group, wish(i))
    };
    row.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.total_cmp(&b.2))
    });
}

/// As near to neighbours as the order allows: where boxes would cover each other, they are shifted together, by the mean of
/// what they wish. What reads nothing, and lanes,
/// give way to what reads.
fn shift(cells: &mut [Cell], row: &[usize], near: impl Fn(&Cell) -> &Vec<usize>) {
    let weight = |i: usize| match &cells[i] {
        Cell { height: 0.0, .. } => 4.0,
        Cell { above, .. } if above.is_empty() => 0.1,
        _ => 50.0,
    };
    let mut offset = 0.0;
    // Where blocks stand, what they weigh, and of how many cells they are.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    let mut offsets = Vec::with_capacity(row.len());
    for (k, &i) in row.iter().enumerate() {
        offset += if k == 0 { 0.0 } else { room(&cells[row[k - 1]], &cells[i]) };
        offsets.push(offset);
        let near = near(&cells[i]);
        let most = near.iter().map(|&k| weight(k)).fold(0.0, f64::max);
        let wish = mean(near.iter().filter(|&&k| weight(k) == most).map(|&k| cells[k].middle));
        let wish = wish.unwrap_or(cells[i].middle);
        let mut block = (wish - offset, weight(i), 1);
        while let Some(&(base, weight, count)) = blocks.last().filter(|before| before.0 > block.0) {
            blocks.pop();
            let together = weight + block.1;
            block = ((base * weight + block.0 * block.1) / together, together, count + block.2);
        }
        blocks.push(block);
    }
    let bases = blocks.iter().flat_map(|&(base, _, count)| std::iter::repeat_n(base, count));
    for ((&i, offset), base) in row.iter().zip(offsets).zip(bases) {
        cells[i].middle = base + offset;
    }
}
