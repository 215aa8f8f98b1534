// The device page's charts: two histograms with the windows that g²(0) was counted in, and the strip of rates.

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const axis = (label, size) => ({
  label, size, labelSize: label ? 18 : 0, labelFont: "12px system-ui, sans-serif", font: "12px system-ui, sans-serif", labelGap: 0, gap: 4,
  stroke: () => ink("--soft"), grid: { stroke: () => ink("--line"), width: 1 }, ticks: { stroke: () => ink("--line"), width: 1, size: 4 },
});
const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(11, 19);
const DASHES = [[], [8, 3], [2, 3], [8, 3, 2, 3]]; // lines differ by more than colour

function rate(hz) {
  if (hz == null) return "–";
  for (const [unit, scale] of [["MHz", 1e6], ["kHz", 1e3]]) if (hz >= scale) return `${+(hz / scale).toPrecision(3)} ${unit}`;
  return `${+hz.toPrecision(3)} Hz`;
}

function follow(place, chart) {
  new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: place.clientHeight })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.redraw());
}

class HistogramChart {
  constructor(place) {
    this.place = place;
    this.windows = null;
    this.chart = new uPlot({
      width: place.clientWidth, height: place.clientHeight,
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(4, most * 1.06)] } },
      legend: { show: false }, cursor: { y: false, drag: { x: true, y: false } },
      axes: [axis("delay in ns", 24), { ...axis("coincidences per bin", 52), values: (_, ticks) => ticks.map((t) => (Number.isInteger(t) ? count.format(t) : "")) }],
      series: [{}, { stroke: () => ink("--trace-1"), fill: () => ink("--wash-side"), width: 1.1, points: { show: false }, paths: uPlot.paths.stepped({ align: 1 }) }],
      hooks: { drawAxes: [(chart) => this.shade(chart)] },
    }, [[], []], place);
    follow(place, this.chart);
  }

  shade(chart) {
    if (!this.windows) return;
    const { period, zero, sides } = this.windows;
    const { left, top, width, height } = chart.bbox;
    const at = (ns) => Math.min(left + width, Math.max(left, chart.valToPos(ns, "x", true)));
    const context = chart.ctx;
    context.save();
    context.fillStyle = ink("--wash-central");
    context.fillRect(at(zero - period / 2), top, at(zero + period / 2) - at(zero - period / 2), height);
    context.fillStyle = ink("--wash-side");
    context.strokeStyle = ink("--trace-1");
    context.globalAlpha = 0.75;
    context.lineWidth = devicePixelRatio;
    context.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const k of sides) {
      const from = at(zero + (k - 0.5) * period), to = at(zero + (k + 0.5) * period);
      if (to - from < 1) continue;
      context.fillRect(from, top, to - from, height);
      context.beginPath();
      context.moveTo(k < 0 ? from : to, top);
      context.lineTo(k < 0 ? from : to, top + height);
      context.stroke();
    }
    context.restore();
  }

  show(histogram, windows) {
    this.windows = windows;
    const { counts, first_edge_ps: first, bin_width_ps: bin } = histogram;
    const delays = new Float64Array(counts.length);
    for (let i = 0; i < counts.length; i++) delays[i] = (first + i * bin) / 1000;
    const zoomed = this.shape === `${first}/${bin}/${counts.length}`;
    this.shape = `${first}/${bin}/${counts.length}`;
    this.chart.setData([delays, counts], !zoomed);
    if (zoomed) this.chart.redraw();
    this.place.dataset.total = counts.reduce((sum, n) => sum + n, 0);
  }
}

class RateChart {
  constructor(place) {
    this.place = place;
  }

  show(strip) {
    const names = Object.keys(strip.channels);
    if (this.names !== names.join()) {
      this.names = names.join();
      this.chart?.destroy();
      this.chart = new uPlot({
        width: this.place.clientWidth, height: this.place.clientHeight,
        scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        legend: { show: false }, cursor: { y: false },
        axes: [{ ...axis(null, 26), space: 90, incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300], values: (_, ticks) => ticks.map((s) => clock(s)) }, { ...axis(null, 66), values: (_, ticks) => ticks.map(rate) }],
        series: [{}, ...names.map((name, i) => ({
          label: `channel ${name}`, stroke: () => ink(`--trace-${(i % 4) + 1}`), width: 1.5, dash: DASHES[i % 4], points: { show: false } }))],
      }, [[]], this.place);
      follow(this.place, this.chart);
    }
    this.chart.setData([strip.unix_s, ...names.map((name) => strip.channels[name])]);
  }
}

const drawn = new Map();
function chart(id, kind) {
  if (!drawn.has(id)) drawn.set(id, new kind(document.getElementById(id)));
  return drawn.get(id);
}

document.addEventListener("charts", ({ detail }) => {
  for (const name of ["recent", "whole"]) if (detail[name]) chart(`${name}-chart`, HistogramChart).show(detail[name].histogram, detail[name].windows);
  if (detail.rates.unix_s.length) chart("rates-chart", RateChart).show(detail.rates);
});
