// The contrast of all text that is seen with what is behind it, as WCAG counts it, from what the browser has computed.
const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return { r, g, b, a }; };
const over = (top, below, share = 1) => {
  const a = top.a * share, mix = (k) => a * top[k] + (1 - a) * below[k];
  return { r: mix('r'), g: mix('g'), b: mix('b'), a: 1 };
};
const light = ({ r, g, b }) => [r, g, b].map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
  .reduce((sum, x, k) => sum + x * [0.2126, 0.7152, 0.0722][k], 0);
const ratio = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
// From the outermost element in: grounds over each other; what is drawn before a text in its own group of the picture is behind it.
const ground = (of) => {
  const chain = [];
  for (let at = of; at; at = at.parentElement) chain.unshift(at);
  return chain.reduce((below, at) => {
    const style = getComputedStyle(at), next = over(parse(style.backgroundColor), below);
    const box = at !== of && at.parentElement?.closest('svg') && at.contains(of) ? at.querySelector(':scope > rect') : null;
    if (!box) return next;
    const fill = getComputedStyle(box);
    return fill.fill === 'none' ? next : over(parse(fill.fill), next, Number(fill.fillOpacity) * Number(fill.opacity));
  }, { r: 255, g: 255, b: 255, a: 1 });
};
const opacity = (of) => { let share = 1; for (let at = of; at; at = at.parentElement) share *= Number(getComputedStyle(at).opacity); return share; };
const pairs = new Map();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const of = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
  if (!text || ['SCRIPT', 'STYLE', 'OPTION'].includes(of.tagName) || !of.checkVisibility({ visibilityProperty: true })) continue;
  const style = getComputedStyle(of), below = ground(of), color = parse(of.closest('svg') ? style.fill : style.color);
  const seen = over(color, below, opacity(of)), found = ratio(seen, below);
  const key = JSON.stringify([seen, below]);
  if (!pairs.has(key)) pairs.set(key, [text.slice(0, 30), Number(found.toFixed(2)), style.color, `${of.tagName}.${of.className.baseVal ?? of.className}`]);
}
return [...pairs.values()];
