#include "models/window/window_kind.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "models/messaging/expand.hpp"
#include "models/messaging/window/window.hpp"

namespace tailrace::models {

namespace {

using namespace window;

FieldTable consumers_fields() {
  FieldTable table;
  table.name = "consumers";
  table.about = "Who handles the results, one per window.";
  add_consumer_fields(table, [](void* spec) -> ConsumerSpec& { return *static_cast<ConsumerSpec*>(spec); });
  return table;
}

void declare(const void*, int component, TopologyBuilder& b) {
  declare_channel(b, component, {"publish"});
}

WindowSettings settings_of(const WindowSpec& spec, const Component& self, const std::string& path,
                           Diagnostics& diagnostics) {
  const auto error = [&](const char* field, std::string message, std::string hint) {
    diagnostics.error(self.mark, path + field, std::move(message), std::move(hint));
  };
  WindowSettings s;
  s.name = self.name;
  s.type = spec.type;
  const bool session = s.type == WindowType::session;
  if (session && !spec.gap) error(".gap", "a session has no end without a gap", "gap: 30s");
  if (session && spec.size) error(".size", "a session is as long as its events go on", "gap: 30s");
  if (!session && !spec.size) error(".size", "the window has no size", "size: 10s");
  if (!session && spec.gap) error(".gap", "only sessions have a gap", "type: session");
  if (s.type == WindowType::hopping && !spec.every)
    error(".every", "hopping windows begin every so often", "every: 1s");
  if (s.type != WindowType::hopping && spec.every)
    error(".every", "only hopping windows have it", "type: hopping");
  s.gap = spec.gap.value_or(sim::Duration{1}).ns;
  s.size = spec.size.value_or(sim::Duration{1}).ns;
  s.every = spec.every ? spec.every->ns : s.size;
  if (s.type == WindowType::hopping && s.every > s.size) {
    error(".every", fmt::format("events between two windows of {} would be in none", show_value(*spec.size)),
          "at most size");
  } else if (s.size / s.every > kMostOverlap) {
    error(".every", fmt::format("an event would be in more than {} windows", kMostOverlap), "a longer one");
  }
  s.by_key = spec.by == WindowScope::key;
  s.watermark = spec.watermark;
  s.out_of_orderness = spec.out_of_orderness.ns;
  s.lateness = spec.lateness.ns;
  s.retry_backoff = spec.retry_backoff.ns;
  s.group = {"results", spec.consumers.laid_out(), spec.consumers.concurrency};
  if (spec.consumers.laid_out() == 0)
    error(".consumers.instances", "nobody handles the results", "at least 1");
  return s;
}

void expand(const void* raw, int component, TopologyBuilder& b) {
  const WindowSpec& spec = *static_cast<const WindowSpec*>(raw);
  const Component self = b.topology.components[static_cast<std::size_t>(component)];
  const std::string path = b.path;
  const int errors = b.diagnostics.errors();
  WindowSettings settings = settings_of(spec, self, path, b.diagnostics);
  if (b.diagnostics.errors() != errors) return;
  ChannelSettings channel;
  channel.model = std::make_shared<WindowModel>(std::move(settings));
  const int id = add_channel(b, component, std::move(channel));
  ConsumerSpec nobody;
  nobody.instances = 0;
  add_group(b, id, "events", nobody, self.mark, path);
  add_group(b, id, "results", spec.consumers, self.mark, path + ".consumers");
}

}  // namespace

Kind window_kind() {
  Kind kind;
  kind.name = "window";
  kind.section = "windows";
  kind.about =
      "Stream processing by windows: events are counted by when they came about, and each window has a "
      "result.";
  kind.example = "{per_minute: {size: 1min, out_of_orderness: 2s, consumers: {steps: [{compute: 1ms}]}}}";
  kind.fields =
      Fields<WindowSpec>("window", kind.about)
          .choice(
              "type", &WindowSpec::type, {"tumbling", "hopping", "session"},
              "one after the other; of one size and beginning every so often; as long as the events of a key "
              "leave no gap")
          .add("size", &WindowSpec::size, "of tumbling and hopping windows", more_than(0))
          .add("every", &WindowSpec::every, "between the beginnings of two hopping windows", more_than(0))
          .add("gap", &WindowSpec::gap, "a session is over when for so long no event came about",
               more_than(0))
          .choice("by", &WindowSpec::by, {"all", "key"}, "windows of all events, or of each key for itself")
          .choice(
              "watermark", &WindowSpec::watermark, {"events", "clock"},
              "up to where events are taken to be complete: behind the latest event that came, or behind the "
              "clock")
          .add("out_of_orderness", &WindowSpec::out_of_orderness, "how far behind the watermark stays")
          .add("lateness", &WindowSpec::lateness,
               "after its end a window still takes events so long, each of which makes it fire again; later "
               "ones "
               "are dropped")
          .add("retry_backoff", &WindowSpec::retry_backoff,
               "until a result that was not handled is tried again", between(0, 3.6e12))
          .section("consumers", &WindowSpec::consumers, consumers_fields(), "who handles the results")
          .required()
          .table();
  kind.make = make_spec<WindowSpec>;
  kind.declare = declare;
  kind.expand = expand;
  return kind;
}

}  // namespace tailrace::models
