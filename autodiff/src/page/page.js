'use strict';
(() => {
  const $ = (id) => document.getElementById(id), data = JSON.parse($('data').textContent), rows = data.rows, root = rows.length - 1;
  const svg = $('graph').querySelector('svg'), all = (kind) => [...svg.querySelectorAll(kind)];
  // Elements. Names come as text, formulas as MathML in which names are escaped already.
  const element = (tag, text, kind) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const math = (inner, tag = 'div') => {
    const made = element(tag, undefined, 'math');
    made.innerHTML = `<math${tag === 'div' ? ' display="block"' : ''}>${inner}</math>`;
    return made;
  };
  const ONE = '<mn>1</mn>', note = (text, kind = 'note') => element('p', text, kind);
  // Numbers in six digits, as text and as MathML.
  const isNumber = (x) => typeof x === 'number' || typeof x === 'string';
  const parts = (x) => {
    const size = Math.abs(x);
    if (size === 0 || size === Infinity || size >= 1e-4 && size < 1e7) return [size === Infinity ? '∞' : String(+size.toPrecision(6))];
    const [digits, power] = size.toExponential(5).split('e');
    return [String(+digits), String(+power).replace('-', '−')];
  };
  const plain = (of) => Number.isNaN(Number(of)) ? 'NaN' : (Number(of) < 0 ? '−' : '') + parts(Number(of)).join('e');
  const number = (of) => {
    const x = Number(of), [digits, power] = parts(x);
    const size = `<mn>${digits}</mn>` + (power ? `<mo>·</mo><msup><mn>10</mn><mn>${power}</mn></msup>` : '');
    return Number.isNaN(x) ? '<mi>NaN</mi>' : x < 0 ? `<mrow><mo>−</mo>${size}</mrow>` : size;
  };
  const factor = (of) => Number(of) < 0 ? `<mrow><mo>(</mo>${number(of)}<mo>)</mo></mrow>` : number(of);
  // Arrays: in a cell of the table, and as a heat map or what is to be said of a large one.
  const shape = (x) => x.s.join(' × ');
  const short = (x) => {
    if (x === undefined || isNumber(x)) return x === undefined ? '' : plain(x);
    return !x.d ? `norm ${plain(x.norm)}` : x.d.length <= 2 ? `[${x.d.map(plain).join(', ')}]` : `${shape(x)} ${x.s.length > 1 ? 'array' : 'numbers'}`;
  };
  const heat = (x) => {
    if (isNumber(x)) return math(number(x));
    if (!x.d) return note(`${shape(x)} numbers, norm ${plain(x.norm)}, least ${plain(x.min)}, largest ${plain(x.max)}`);
    const most = Math.max(...x.d.map((y) => Math.abs(Number(y))).filter(Number.isFinite), 1e-300);
    const columns = (x.s.length > 1 ? x.s[x.s.length - 1] : 6) || 1, table = element('table', undefined, 'heat');
    table.setAttribute('aria-label', `${shape(x)} numbers`);
    for (let k = 0; k < x.d.length; k += columns) {
      const line = table.insertRow();
      for (const y of x.d.slice(k, k + columns)) {
        const cell = line.insertCell(), share = Math.min(Math.abs(Number(y)) / most, 1) || 0;
        cell.textContent = plain(y);
        cell.style.background = `rgba(var(--${Number(y) < 0 ? 'minus' : 'plus'}), ${0.42 * share})`;
      }
    }
    return table;
  };
  // All steps: values forward, the seed, terms backward. `done` says which step completes an entry's derivative.
  const steps = rows.map((row, i) => ({ forward: i })), turn = steps.push({ seed: root });
  const incoming = rows.map(() => []), done = rows.map(() => Infinity);
  done[root] = turn - 1;
  for (let i = root; i >= 0; i--) {
    const row = rows[i];
    if (row.stop && i !== root) {
      if (row.e.length || row.z) steps.push({ from: i, stop: true });
    } else if (!data.short && i !== root) done[i] = steps.push({ from: i, whole: true }) - 1;
    else if (data.short) row.e.forEach((edge) => incoming[edge.to].push({ from: i, edge, at: done[edge.to] = steps.push({ from: i, edge }) - 1 }));
  }
  const end = steps.length;
  const plus = (a, b) => {
    if (a === undefined || b === undefined) return b;
    if (isNumber(a) && isNumber(b)) return Number(a) + Number(b);
    return a.d && b.d && a.d.length === b.d.length ? { s: a.s, d: a.d.map((x, k) => Number(x) + Number(b.d[k])) } : undefined;
  };
  // The derivative that has come to an entry: what was added up so far, in the end what the sweep found.
  const complete = (i) => at >= end || done[i] < at;
  const arrived = (i) => complete(i) ? rows[i].a : incoming[i].filter((term) => term.at < at && term.edge.t !== undefined).reduce((sum, term) => plus(sum, term.edge.t), undefined);
  // The table.
  const lines = rows.map((row, i) => {
    const line = $('tape').insertRow();
    const cell = (kind, ...inner) => { const made = line.insertCell(); made.className = kind; made.append(...inner); return made; };
    cell('i', element('span', undefined, `dot ${row.r}`), row.i);
    cell('n', element('bdi', row.n));
    cell('f', row.g && rows.length <= 300 ? math(row.g, 'span') : element('bdi', row.f === undefined ? row.o : row.f));
    const made = { line, v: cell('v'), a: cell('a') };
    cell('check', ...row.c ? [element('span', `${row.c[1]}: ${row.c[0]}`, row.c[2])] : []);
    line.addEventListener('click', () => choose(i));
    return made;
  });
  Object.entries({ checked: data.checked, long: rows.length > 300 }).forEach(([kind, is]) => document.body.classList.toggle(kind, Boolean(is)));
  // The picture; what is known of an entry comes up where the pointer or the focus is.
  const nodes = all('.node'), edges = all('.edge'), groups = all('.group'), labels = all('.label'), members = nodes.map(() => []);
  rows.forEach((row, i) => row.node !== undefined && members[row.node].push(i));
  const wire = (from, to) => edges.filter((edge) => +edge.dataset.from === rows[from].node && +edge.dataset.to === rows[to].node);
  rows.forEach((row, i) => (row.cut || []).forEach(([from]) => wire(from, i).pop()?.classList.add('cut')));
  const tip = (i, x, y) => {
    const row = rows[i], box = $('tip'), seen = at >= turn;
    box.replaceChildren(element('strong', row.n), element('div', `${row.r}, ${row.o}`, 'note'), ...row.g ? [math(`${row.m}<mo>=</mo>${row.g}`)] : [],
      ...row.v !== undefined ? [element('div', 'value', 'note'), heat(row.v)] : [], ...row.a !== undefined && seen ? [element('div', 'derivative', 'note'), heat(row.a)] : [],
      ...row.z && seen ? [note(row.z, 'stopped')] : [], element('div', row.l || 'source line not noted (Tape::trace_lines)', 'note'));
    box.hidden = false;
    box.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - box.offsetHeight - 8))}px`;
  };
  const untip = () => { $('tip').hidden = true; };
  const hover = (target, i) => {
    const beside = () => { const { right, top } = target.getBoundingClientRect(); tip(i, right, top); };
    Object.entries({ pointerenter: beside, focus: beside, pointerleave: untip, blur: untip }).forEach(([kind, act]) => target.addEventListener(kind, act));
  };
  const acting = (target, label, act) => {
    Object.entries({ tabindex: '0', role: 'button', 'aria-label': label }).forEach(([name, value]) => target.setAttribute(name, value));
    target.addEventListener('click', act);
    target.addEventListener('keydown', (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); event.stopPropagation(); act(); } });
  };
  members.forEach((of, k) => of.slice(-1).forEach((i) => {
    acting(nodes[k], `${rows[i].n}, ${rows[i].o}, value ${short(rows[i].v)}`, () => choose(i));
    hover(nodes[k], i);
  }));
  lines.forEach(({ line }, i) => hover(line.cells[1], i));
  // Groups fold: what is inside goes, and heights that nothing else needs shrink.
  const box = (of) => ['x', 'y', 'width', 'height'].map((name) => +of.querySelector('rect').getAttribute(name));
  const boxes = nodes.map(box), frames = groups.map(box), paths = edges.map((edge) => edge.getAttribute('d')), places = labels.map((text) => +text.getAttribute('y'));
  const legend = [...svg.querySelectorAll(':scope > rect:not(.paper), :scope > text')], [, , wide, high] = svg.getAttribute('viewBox').split(' ').map(Number);
  const folded = new Set(), groupAt = new Map(groups.map((group, k) => [group.dataset.group, k])), FOLDED = 34;
  let scale = 1, lost = 0;
  const outermost = (number) => number === undefined ? undefined : outermost(groups[groupAt.get(number)].dataset.parent) ?? (folded.has(number) ? number : undefined);
  const layout = () => {
    const within = nodes.map((node) => outermost(node.dataset.group)), tops = groups.map((group) => outermost(group.dataset.group));
    let dead = groups.flatMap((group, k) => tops[k] === group.dataset.group ? [[frames[k][1], frames[k][1] + frames[k][3]]] : []);
    boxes.filter((_, k) => within[k] === undefined).forEach(([, y, , h]) => {
      dead = dead.flatMap(([c, d]) => [[c, Math.min(d, y - 12)], [Math.max(c, y + h + 12), d]].filter(([a, b]) => b > a));
    });
    dead = dead.sort((a, b) => a[0] - b[0]).reduce((list, [c, d]) => {
      const last = list[list.length - 1];
      return last && c <= last[1] ? [...list.slice(0, -1), [last[0], Math.max(last[1], d)]] : [...list, [c, d]];
    }, []).filter(([c, d]) => d - c > FOLDED);
    const move = (y) => dead.reduce((moved, [c, d]) => y <= c ? moved : moved - (Math.min(y, d) - c) * (1 - FOLDED / (d - c)), y);
    nodes.forEach((node, k) => {
      node.classList.toggle('hidden', within[k] !== undefined);
      node.setAttribute('transform', `translate(0 ${move(boxes[k][1]) - boxes[k][1]})`);
    });
    groups.forEach((group, k) => {
      const [, y, , h] = frames[k], own = tops[k] === group.dataset.group, rect = group.querySelector('rect'), text = group.querySelector('text');
      group.classList.toggle('hidden', tops[k] !== undefined && !own);
      group.classList.toggle('folded', own);
      rect.setAttribute('y', move(y));
      rect.setAttribute('height', Math.max(move(y + h) - move(y), 26));
      text.setAttribute('y', move(y) + (own ? 17 : 13));
      text.setAttribute('aria-expanded', String(!own));
      text.textContent = `${own ? '▸' : '▾'} ${group.dataset.name}`;
    });
    const ends = (k) => within[k] === undefined ? boxes[k] : frames[groupAt.get(within[k])];
    edges.forEach((edge, k) => {
      const [from, to] = [+edge.dataset.from, +edge.dataset.to], [a, b] = [within[from], within[to]];
      edge.classList.toggle('hidden', a !== undefined && a === b);
      let odd = false; const moved = () => paths[k].replace(/-?[\d.]+/g, (x) => { odd = !odd; return odd ? x : move(+x).toFixed(1); });
      const [x0, y0, w0, h0] = ends(from), [x1, y1, w1] = ends(to), p = move(y0 + h0), q = move(y1), bend = Math.max(16, (q - p) / 2);
      const near = (x, w, of, other) => of === undefined ? x + w / 2 : Math.min(Math.max(other, x + 8), x + w - 8);
      const u = near(x0, w0, a, x1 + w1 / 2), v = near(x1, w1, b, u);
      edge.setAttribute('d', a === undefined && b === undefined ? moved() : `M${u} ${p}C${u} ${p + bend} ${v} ${q - bend} ${v} ${q}`);
    });
    labels.forEach((text, k) => { text.setAttribute('y', move(places[k])); text.classList.toggle('hidden', folded.size > 0); });
    lost = high - move(high);
    legend.forEach((x) => x.setAttribute('transform', `translate(0 ${-lost})`));
    zoom(scale);
  };
  groups.forEach((group) => {
    const text = group.querySelector('text');
    group.dataset.name = text.textContent;
    acting(text, `layer ${text.textContent}`, () => { if (!folded.delete(group.dataset.group)) folded.add(group.dataset.group); layout(); });
  });
  const zoom = (to) => {
    scale = Math.min(Math.max(to, 0.05), 5);
    Object.entries({ viewBox: `0 0 ${wide} ${high - lost}`, width: wide * scale, height: (high - lost) * scale }).forEach(([name, value]) => svg.setAttribute(name, value));
  };
  const fit = () => {
    const across = $('graph').clientWidth / wide;
    zoom(Math.max(Math.min(across, $('graph').clientHeight / (high - lost), 1.4) * 0.99, Math.min(0.55, across)));
  };
  // One step, said in mathematics.
  let at = 0, chosen = 0;
  const equation = (...sides) => math(sides.filter(Boolean).join('<mo>=</mo>'));
  const said = (step) => {
    if (!step) return [note(`${data.entries} entries${data.short ? '' : ', shown in stretches'}. Forward, each computes its value; backward, each passes its derivative on. → steps.`)];
    const row = rows[step.forward ?? step.seed ?? step.from];
    if (step.forward !== undefined) {
      const cuts = (row.cut || []).map(([from, why]) => note(`Here a value is read that was taken off the tape: ${why}. No gradient flows back to ${rows[from].n}.`, 'stopped'));
      const value = row.v === undefined || row.m && isNumber(row.v) ? [] : [heat(row.v)];
      return [row.m ? equation(row.m, row.g, isNumber(row.v) && number(row.v)) : note(`${row.n}: ${row.o}`), ...value, ...cuts];
    }
    if (step.seed !== undefined) return [...row.d ? [equation(row.d, number(1))] : [], note('The sweep turns back: the derivative of the root with respect to itself is 1.')];
    if (step.stop) return [note(`${row.n}: ${row.z || 'no gradient arrives, so that nothing is passed on'}`, 'stopped')];
    if (step.whole) return [note(`${row.n}: ${row.o}`), note(`its derivatives: ${short(row.a)}`)];
    const { edge } = step, to = rows[edge.to], terms = incoming[edge.to], sum = arrived(edge.to);
    if (edge.t === undefined) return [note(`Nothing flows from ${row.n} to ${to.n}.`, 'stopped')];
    const written = edge.f
      ? [math(`${to.d}<mo>+=</mo>${row.d}<mo>·</mo>${edge.f}<mo>=</mo>${factor(row.a)}<mo>·</mo>${factor(edge.x)}<mo>=</mo>${number(edge.t)}`)]
      : [math(`${to.d}<mo>+=</mo>${edge.w || ''}`), heat(edge.t)];
    if (edge.x !== undefined && Number(edge.x) === 0) written.push(note('The local factor is exactly 0: nothing flows along this edge.', 'stopped'));
    if (terms.length > 1) written.push(note(`term ${terms.findIndex((other) => other.edge === edge) + 1} of ${terms.length}; so far: ${isNumber(sum) ? plain(sum) : ''}`), ...sum === undefined || isNumber(sum) ? [] : [heat(sum)]);
    return to.z && complete(edge.to) ? [...written, note(`${to.n}: ${to.z}`)] : written;
  };
  // The total derivative by the chosen entry: over paths that are complete, or over the edges that lead to it.
  const total = () => {
    const row = rows[chosen], sum = arrived(chosen), steps = incoming[chosen], written = [];
    if (!row.d || chosen === root) return [row.d ? equation(row.d, number(1)) : note(`${row.n}: ${short(sum)}`)];
    const add = (terms, values, count) => {
      const more = count > terms.length ? '<mo>+</mo><mo>…</mo>' : '';
      const numbers = values.length && values.every(isNumber);
      if (terms.length > 2) written.push(...terms.map((term, k) => math((k ? '<mo>+</mo>' : `${row.d}<mo>=</mo>`) + term)));
      else if (terms.length) written.push(equation(row.d, terms.join('<mo>+</mo>') + more));
      if (numbers && terms.length > 2) written.push(note(`= ${values.map(plain).join(' + ').replaceAll('+ −', '− ')}${more && ' + …'} = ${plain(sum)}`));
      else if (numbers) written.push(math('<mo>=</mo>' + [values.map((x, k) => (k ? factor : number)(x)).join('<mo>+</mo>') + more, ...isNumber(sum) && (more || values.length > 1) ? [number(sum)] : []].join('<mo>=</mo>')));
    };
    const paths = (row.paths ? row.paths.list : []).map((path) => path.slice(1).map((to, k) => incoming[to].find((term) => term.from === path[k])));
    if (paths.length && paths.every((path) => path.every((term) => term && term.edge.f))) {
      const whole = paths.filter((path) => path[path.length - 1].at < at), value = (path) => path.reduce((product, { edge }) => product * Number(edge.x), 1);
      add(whole.map((path) => path.map(({ edge }) => edge.f).filter((f, _, all) => f !== ONE || all.every((g) => g === ONE)).join('<mo>·</mo>')), whole.map(value), paths.length);
      written.push(note(`${row.paths.count} path${paths.length > 1 ? 's' : ''} in all, ${whole.length} complete`));
    } else {
      const here = steps.filter((term) => term.at < at && term.edge.t !== undefined);
      add(here.map(({ from, edge }) => `<mrow>${edge.f ? `${rows[from].d}<mo>·</mo>${edge.f}` : edge.w || ''}</mrow>`), here.map(({ edge }) => edge.t), steps.length);
      if (sum !== undefined && !isNumber(sum)) written.push(heat(sum));
      written.push(note(`${row.paths ? `${row.paths.count} paths, over ` : ''}${steps.length} term${steps.length === 1 ? '' : 's'} in all, ${here.length} so far`));
    }
    if (row.c && at >= end) written.push(note(`numerical: ${row.c[1]}, ${row.c[0]}`, row.c[2]));
    return row.z && at >= turn ? [...written, note(row.z, row.stop ? 'stopped' : 'note')] : written;
  };
  const show = (to, still) => {
    at = Math.min(Math.max(to, 0), end);
    const step = steps[at - 1], now = step && (step.forward ?? step.seed ?? step.from), target = step?.edge?.to;
    const put = (cell, text) => { if (cell.textContent !== text) cell.textContent = text; };
    lines.forEach(({ line, v, a }, i) => {
      const sum = at >= turn ? arrived(i) : undefined, kind = [i < at ? '' : 'ahead', i === now ? 'now' : '', i === target ? 'to' : '', i === chosen ? 'chosen' : ''].join(' ');
      if (line.className !== kind) line.className = kind;
      line.toggleAttribute('aria-current', i === now);
      put(v, i < at ? short(rows[i].v) : '');
      put(a, sum !== undefined ? short(sum) + (complete(i) ? '' : ' + …') : at >= turn && rows[i].stop && complete(i) ? 'none' : '');
      a.classList.toggle('part', sum !== undefined && !complete(i));
    });
    nodes.forEach((node, k) => {
      const of = members[k], texts = node.querySelectorAll('text');
      Object.entries({ ahead: of[0] >= at, now: of.includes(now), to: of.includes(target), chosen: of.includes(chosen) }).forEach(([kind, is]) => node.classList.toggle(kind, is));
      // The last line is the derivative.
      if (data.short && of.length === 1 && of[0] !== root && rows[of[0]].a !== undefined) texts[texts.length - 1].classList.toggle('unseen', !complete(of[0]) || at < turn);
    });
    edges.forEach((edge) => edge.classList.remove('now'));
    if (target !== undefined) wire(target, now)[0]?.classList.add('now');
    $('where').textContent = at === 0 ? 'Start' : `Step ${at} of ${end}, ${at < turn ? 'forward' : 'backward'}`;
    $('now').replaceChildren(...said(step));
    $('total').replaceChildren(...total());
    $('at').value = at;
    if (now === undefined || still) return;
    for (const [frame, thing] of [[$('rows'), lines[now].line], [$('graph'), nodes[rows[now].node]]]) {
      const a = frame.getBoundingClientRect(), b = thing ? thing.getBoundingClientRect() : a;
      if (b.top < a.top + 30 || b.bottom > a.bottom) frame.scrollTop += b.top - a.top - a.height / 2;
      if (b.left < a.left || b.right > a.right) frame.scrollLeft += b.left - a.left - a.width / 2;
    }
  };
  const choose = (i) => { chosen = i; $('chosen').value = i; show(at, true); };
  // Buttons, keys, the slider; `#12`, `#turn` and `#end` in the address.
  let timer = 0;
  const running = (on) => { clearTimeout(timer); timer = on ? setTimeout(tick, +$('speed').value) : 0; $('run').textContent = on ? 'Pause' : 'Run'; $('run').setAttribute('aria-pressed', on); };
  const tick = () => { show(at + 1); running(at < end); }, go = (to) => { running(false); show(to); };
  const run = () => { if (timer) { running(false); return; } if (at >= end) show(0); running(true); };
  const acts = { first: () => go(0), back: () => go(at - 1), run, on: () => go(at + 1), turn: () => go(turn), last: () => go(end), in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit };
  Object.entries(acts).forEach(([id, act]) => $(id).addEventListener('click', act));
  const keys = { ArrowLeft: acts.back, ArrowRight: acts.on, Home: acts.first, End: acts.last, ' ': run, '+': acts.in, '-': acts.out, 0: fit, Escape: untip };
  document.addEventListener('keydown', (event) => {
    const { target, key } = event, own = /SELECT|INPUT/.test(target.tagName) || key === ' ' && /BUTTON|SUMMARY/.test(target.tagName);
    if (own || event.ctrlKey || event.altKey || event.metaKey || !keys[key]) return;
    event.preventDefault();
    keys[key]();
  });
  $('graph').addEventListener('wheel', (event) => { if (event.ctrlKey) { event.preventDefault(); zoom(scale * Math.exp(-event.deltaY / 400)); } }, { passive: false });
  $('at').max = end;
  $('at').addEventListener('input', () => go(+$('at').value));
  $('chosen').append(...rows.map((row, i) => new Option(row.n, i)));
  $('chosen').addEventListener('change', () => choose(+$('chosen').value));
  addEventListener('beforeprint', () => { $('written').open = true; }); addEventListener('resize', fit);
  // Norms as bars, and what was cut.
  const logs = data.bars.map(([, x]) => Math.log10(Number(x))).filter(Number.isFinite), low = Math.min(...logs) - 1, high10 = Math.max(...logs);
  data.bars.forEach(([name, x]) => {
    const size = Math.log10(Number(x)), bar = element('div', undefined, Number.isFinite(size) ? 'bar' : 'bar none'), line = element('div');
    line.style.width = `${Number.isFinite(size) ? 100 * (size - low) / (high10 - low) : 0}%`;
    $('bars').appendChild(bar).append(element('bdi', name), line, element('span', plain(x)));
  });
  const stop = (words, of) => {
    const item = $('cuts').appendChild(element('li')), button = item.appendChild(element('button', rows[of].n, 'link'));
    button.addEventListener('click', () => choose(of));
    item.append(`: ${words}`);
  };
  rows.forEach((row, i) => {
    (row.cut || []).forEach(([from, why]) => stop(`${why} took its values off the tape; ${row.n} reads them`, from));
    if (row.z) stop(row.z, i);
    row.e.filter((edge) => edge.x !== undefined && Number(edge.x) === 0 && !row.stop).forEach((edge) => stop(`the local factor of ${row.n} is exactly 0`, edge.to));
  });
  if (!$('cuts').children.length) $('cuts').append(element('li', 'nowhere'));
  layout();
  fit();
  choose(Math.max(rows.findIndex((row) => row.r === 'input' || row.r === 'parameter'), 0));
  show({ '#end': end, '#turn': turn }[location.hash] ?? (+location.hash.slice(1) || 0));
})();
