#include "analysis/report/cache_output.hpp"

#include <fmt/format.h>

#include "analysis/report/json_figures.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::analysis {

namespace {

using Cell = TextTable::Cell;

constexpr std::size_t kMostRows = 30;
constexpr std::size_t kNameWidth = 24;

Cell counted(std::uint64_t n, Ink ink = Ink::plain) {
  return n > 0 ? Cell(human_count(n), ink) : Cell();
}
Cell share(const Interval& i, TextStyle style) {
  const HumanScale scale = fraction_scale(i.estimate);
  const std::string spread = plus_minus(i, scale, style);
  return scale.text(i.estimate) + (spread.empty() ? "" : " " + spread);
}

}  // namespace

std::string cache_text(const std::vector<CacheReport>& caches, TextStyle style) {
  TextTable table(style);
  table.left("caches").right("look-ups").right("hit ratio").right("theory").right("stale").right("waited");
  table.right("fetches").right("evicted").right("expired").right("lost").right("entries");
  TextTable writes(style);
  writes.left("written behind")
      .right("writes")
      .right("merged")
      .right("flushes")
      .right("lost")
      .right("waiting");
  std::size_t rows = 0;
  std::string remarks;
  for (const CacheReport& c : caches) {
    const models::StoreRecord& n = c.counts;
    if (c.look_ups + n.writes + n.queued == 0 || ++rows > kMostRows) continue;
    Cell theory;
    if (c.theory) theory = (c.theory->exact ? "" : "~ ") + human_fraction(c.theory->ratio);
    const std::string name = shortened(c.name, kNameWidth, style);
    table.row({name, human_count(c.look_ups), c.look_ups > 0 ? share(c.hit_ratio, style) : Cell(), theory,
               n.stale + n.stale_if_error > 0 ? share(c.stale, style) : Cell(),
               n.coalesced > 0 ? share(c.coalesced, style) : Cell(), human_rate(c.fetches_per_s.estimate),
               counted(n.evictions), counted(n.expirations), counted(n.lost, Ink::warn),
               human_number(c.entries.estimate)});
    if (c.unreached > 0)
      remarks += inked(fmt::format("{} look-ups of {} found no node", human_count(c.unreached), c.name),
                       Ink::warn, style) +
                 "\n";
    if (c.theory && !c.theory->exact)
      remarks += inked(fmt::format("theory of {}: {}", c.name, c.theory->law), Ink::dim, style) + "\n";
    if (c.writes_behind)
      writes.row({name, human_count(n.queued), counted(n.merged), human_count(n.flushes),
                  counted(n.lost_writes, Ink::bad), counted(n.unwritten)});
  }
  if (table.empty()) return {};
  std::string out = "\n" + table.text();
  out += cut_line(rows, kMostRows, style) + remarks;
  if (!writes.empty()) out += "\n" + writes.text();
  return out;
}

void cache_json(JsonText& json, const std::vector<CacheReport>& caches) {
  json.key("caches").begin_array();
  for (const CacheReport& c : caches) {
    const models::StoreRecord& n = c.counts;
    json.begin_object().field("name", c.name).field("shared", c.shared).field("places", c.stores);
    json.field("look_ups", c.look_ups)
        .field("hits", n.hits)
        .field("stale", n.stale)
        .field("misses", n.misses)
        .field("coalesced", n.coalesced)
        .field("unreached", c.unreached)
        .field("stale_if_error", n.stale_if_error)
        .field("fetches", n.fetches)
        .field("fetch_failures", n.fetch_failures)
        .field("writes", n.writes)
        .field("refused", n.refused)
        .field("evictions", n.evictions)
        .field("expirations", n.expirations)
        .field("dropped", n.dropped)
        .field("lost", n.lost);
    interval(json, "hit_ratio", c.hit_ratio, c.look_ups);
    interval(json, "coalesced_fraction", c.coalesced, c.look_ups);
    interval(json, "stale_fraction", c.stale, c.look_ups);
    interval(json, "look_ups_per_s", c.look_ups_per_s, c.look_ups);
    interval(json, "fetches_per_s", c.fetches_per_s, n.fetches);
    interval(json, "evictions_per_s", c.evictions_per_s, n.evictions);
    interval(json, "entries", c.entries);
    interval(json, "entries_at_end", c.entries_at_end);
    interval(json, "bytes_at_end", c.bytes_at_end);
    json.key("theory");
    if (c.theory) {
      json.begin_inline_object().field("hit_ratio", c.theory->ratio).field("exact", c.theory->exact);
      json.field("law", c.theory->law).end_object();
    } else {
      json.null();
    }
    json.key("write_behind");
    if (c.writes_behind) {
      json.begin_inline_object().field("queued", n.queued).field("merged", n.merged);
      json.field("flushes", n.flushes).field("failures", n.flush_failures).field("lost", n.lost_writes);
      json.field("unwritten", n.unwritten).end_object();
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace tailrace::analysis
