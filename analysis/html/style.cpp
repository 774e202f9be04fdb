#include "analysis/html/style.hpp"

namespace tailrace::analysis::html {

// sky #56B4E9, blue #0072B2, green #009E73, orange #E69F00, vermillion #D55E00, purple #CC79A7.
const char* const kStyleSheet = R"(
:root { color-scheme: light dark; --page: #fbfbf9; --card: #ffffff; --ink: #1c2328; --dim: #5a656d;
  --rule: #dde1e3; --calm: #0072b2; --good: #00694d; --bad: #b04a00; --busy: #e69f00; --full: #d55e00;
  --green: #009e73; --purple: #a8487d; --bar: #e6eaec; --fault: #d55e00; --warmup: #7d8a92; --load: #e69f00; }
@media (prefers-color-scheme: dark) { :root { --page: #14181b; --card: #1c2226; --ink: #e4e9ec; --dim: #9aa6ae;
  --rule: #343d43; --calm: #56b4e9; --good: #3fc79d; --bad: #ff9a57; --green: #1fbf91; --purple: #dd93bb;
  --bar: #333d43; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 20px 16px 48px; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 1.12rem; margin: 0 0 10px; }
p { margin: 0 0 10px; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 14px 16px;
  margin: 16px 0; }
.dim, .note, small { color: var(--dim); } .note, small { font-size: .85rem; }
.verdicts { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0 0; padding: 0; list-style: none; }
.verdicts li { border: 1px solid currentColor; border-left-width: 6px; border-radius: 6px; padding: 3px 12px;
  font-weight: 600; overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; background: linear-gradient(to right, var(--card) 40%, transparent) left / 36px 100%
  no-repeat local, linear-gradient(to left, var(--card) 40%, transparent) right / 36px 100% no-repeat local,
  linear-gradient(to right, var(--rule), transparent) left / 14px 100% no-repeat scroll,
  linear-gradient(to left, var(--rule), transparent) right / 14px 100% no-repeat scroll; }
.scroll + p { margin-top: 10px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: 4px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
th { color: var(--dim); font-weight: 600; vertical-align: bottom; }
th.l, td.l { text-align: left; }
td.wrap { white-space: normal; min-width: 14em; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--card); text-align: left; }
td small { display: block; line-height: 1.2; }
.meter { display: inline-block; width: 70px; height: 8px; border-radius: 2px; background: var(--bar);
  margin-right: 8px; overflow: hidden; }
.meter i { display: block; height: 100%; }
i.calm { background: var(--calm); } i.busy { background: var(--busy); } i.full { background: var(--full); }
.stack { display: inline-flex; width: 320px; height: 12px; border-radius: 2px; overflow: hidden; }
.stack i { display: block; height: 100%; } .key[class*=why-] { height: 10px; }
.why-service { background: #0072b2; } .why-queue { background: #d55e00; } .why-network { background: #56b4e9; }
.why-connection { background: #e69f00; } .why-admission { background: #f0c869; }
.why-backoff { background: #cc79a7; } .why-retry { background: #8f3b6e; } .why-sleep { background: #9aa6ae; }
.why-messaging { background: #009e73; } .why-cache { background: #7bc8ae; } .why-fault { background: #b00020; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 8px 20px; }
figure { margin: 0 0 8px; min-width: 0; } figcaption { font-weight: 600; font-size: .9rem; }
figure svg { display: block; width: 100%; height: auto; }
.legend { font-weight: 400; font-size: .85rem; color: var(--dim); margin: 2px 0 4px; }
.legend span { display: inline-block; margin-right: 14px; }
.key { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; }
:where(.key) { background: var(--dim); }
.key.calm, .key.busy, .key.full, .key.fault { height: 10px; }
.key.fault { background: var(--fault); opacity: .45; } .key.failing { background: var(--full); }
.key.arrivals { background: var(--dim); } .key.goodput { background: var(--green); }
.key.failures { background: var(--full); } .key.p50 { background: var(--calm); }
.key.p99 { background: var(--purple); }
.faults { list-style: none; padding: 0; margin: 0; font-size: .9rem; }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .tick, svg .small { fill: var(--dim); } svg .end { text-anchor: end; } svg .mid { text-anchor: middle; }
svg .small { font-size: 11px; } svg .name { font-weight: 600; font-size: 13px; }
svg .retries { fill: var(--bad); font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
.grid { stroke: var(--rule); fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.arrivals { stroke: var(--dim); stroke-dasharray: 5 4; } .line.goodput { stroke: var(--green); }
.line.failures { stroke: var(--full); } .line.p50 { stroke: var(--calm); } .line.p99 { stroke: var(--purple); }
.band.fault { fill: var(--fault); fill-opacity: .2; } .band.warmup { fill: var(--warmup); fill-opacity: .16; }
.band.load { fill: var(--load); fill-opacity: .16; }
.box { fill: var(--page); stroke: var(--dim); } .box.source { fill: var(--card); stroke-width: 1.5; }
rect.bar { fill: var(--bar); } rect.calm { fill: var(--calm); } rect.busy { fill: var(--busy); }
rect.full { fill: var(--full); }
.topology { display: block; max-width: 100%; min-width: var(--desk); height: auto; margin: 0 auto; }
.arrow { fill: none; stroke: var(--dim); opacity: .75; } .arrow.unused { stroke-dasharray: 3 4; opacity: .5; }
.arrow.failing { stroke: var(--full); opacity: 1; stroke-dasharray: 8 3; } .tip { fill: var(--dim); }
pre { overflow: auto; max-height: 70vh; font: 12.5px/1.45 ui-monospace, monospace; margin: 0; }
pre.table { max-height: none; } summary { cursor: pointer; font-weight: 600; }
@media (max-width: 600px) { .topology { min-width: var(--phone); }
  main { padding: 12px 8px 32px; } section { padding: 10px; }
  th, td { padding: 4px 6px; } table { font-size: .82rem; } figure svg text { font-size: 16px; } }
@media print { section { break-inside: avoid; } pre { max-height: none; } }
)";

}  // namespace tailrace::analysis::html
