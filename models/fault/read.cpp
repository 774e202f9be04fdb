// The list of faults: common fields, and those of each type.
#include <fmt/format.h>

#include <algorithm>

#include "models/catalog.hpp"
#include "models/fault/fault.hpp"

namespace tailrace::models {

namespace {

void read_target(const Node& node, FaultSpec& spec, ReadContext& context) {
  if (!node.is_scalar()) {
    return context.error(
        node, "expected what the fault hits, as one text",
        "a service, service#0, service.endpoint, caller -> callee, zone NAME, a workload, or *");
  }
  spec.targets.emplace_back(node.text, node.mark);
}

void read_targets(const Node& node, FaultSpec& spec, ReadContext& context) {
  if (!node.is_list() || node.items.empty())
    return context.error(node, "expected a list of targets that are hit together");
  for (const Node& item : node.items) read_target(item, spec, context);
  spec.together = true;
}

FieldTable repeat_fields() {
  return Fields<FaultRepeat>("repeat", "When a fault comes again.")
      .add("every", &FaultRepeat::every, "from one start to the next", more_than(0))
      .required()
      .add("times", &FaultRepeat::times, "in all", at_least(1))
      .table();
}

FieldTable when_fields() {
  return Fields<FaultWhen>("when", "A condition that starts a fault.")
      .add("queue", &FaultWhen::queue, "the service or database whose waiting requests are counted")
      .required()
      .add("above", &FaultWhen::above, "more than this many wait, all instances together", at_least(0))
      .required()
      .add("for", &FaultWhen::holds, "at every look for this long")
      .add("check_every", &FaultWhen::check_every, "time between looks", at_least(1e3))
      .table();
}

}  // namespace

FieldTable fault_fields() {
  return Fields<FaultSpec>("fault", "When a fault comes, and what of its target it hits.")
      .add("name", &FaultSpec::name, "what outputs call it; default: its type and target")
      .custom("target", FieldType::text, read_target,
              "a service, `service#0` (also `service[0]`; instances count from 0), `service.endpoint`, "
              "`caller -> callee`, `zone NAME`, a workload, or `*`")
      .custom("targets", FieldType::text, read_targets,
              "a list of targets that fail together: one draw of mode and, with mtbf, of time for all")
      .add("start", &FaultSpec::start, "from the start of the run; of a random fault: none comes earlier")
      .add("duration", &FaultSpec::duration, "default: to the end of the run", more_than(0))
      .add("ramp", &FaultSpec::ramp, "its strength grows in a straight line from nothing over this long")
      .section("repeat", &FaultSpec::repeat, repeat_fields(), "it comes again")
      .choice("mode", &FaultSpec::mode, {"all", "one", "fixed", "fixed_percent", "random_max_percent"},
              "how many of the targets are hit each time, drawn anew: all, one, `value` of them, `value` "
              "percent, or a random percentage of at most `value`")
      .add("value", &FaultSpec::value, "of the mode: a number of targets, or percent", at_least(0))
      .add("mtbf", &FaultSpec::mtbf,
           "random faults: time from a repair (or the start) to the next failure, of each target by itself",
           more_than(0))
      .add("mttr", &FaultSpec::mttr, "random faults: how long each lasts", more_than(0))
      .add(
          "repair_crews", &FaultSpec::repair_crews,
          "random faults: repairs at a time, over all its targets; who fails meanwhile waits in line for one",
          at_least(1))
      .section("when", &FaultSpec::when, when_fields(), "it starts when this is so, in place of a time")
      .table();
}

FieldTable fault_entry_fields(const FaultInfo& info) {
  FieldTable table;
  table.name = info.name;
  table.about = info.about;
  Field type;
  type.name = "type";
  type.text = info.about;
  type.type = FieldType::choice;
  type.choices = {info.name};
  type.required = true;
  type.read = [](const Field&, const Node&, void*, ReadContext&) {};
  table.fields.push_back(std::move(type));
  const auto into = [&](FieldTable&& from, auto&& part) {
    for (Field& f : from.fields) {
      f.read = [read = std::move(f.read), part](const Field& self, const Node& node, void* entry,
                                                ReadContext& at) {
        read(self, node, part(static_cast<FaultEntry*>(entry)), at);
      };
      table.fields.push_back(std::move(f));
    }
  };
  into(FieldTable(info.fields), [](FaultEntry* e) { return e->own.get(); });
  into(fault_fields(), [](FaultEntry* e) { return static_cast<void*>(&e->common); });
  return table;
}

void read_faults(const Node& node, std::vector<FaultEntry>& out, ReadContext& context) {
  if (node.is_null()) return;
  if (!node.is_list())
    return context.error(node, "expected a list of faults",
                         "- {type: pod_kill, target: payments, start: 30s}");
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    PathScope scope(context, "[" + std::to_string(i) + "]");
    const Node* type = item.is_map() ? item.find("type") : nullptr;
    std::vector<std::string_view> known;
    for (const FaultInfo& info : fault_types()) known.push_back(info.name);
    if (type == nullptr || !type->is_scalar()) {
      context.error(item, "a fault needs a type", fmt::format("one of {}", fmt::join(known, ", ")));
      continue;
    }
    const auto info = std::find_if(fault_types().begin(), fault_types().end(),
                                   [&](const FaultInfo& f) { return f.name == type->text; });
    if (info == fault_types().end()) {
      const std::string near = nearest_word(type->text, known);
      context.error(*type, fmt::format("there is no fault \"{}\"", escaped(type->text)),
                    near.empty() ? fmt::format("one of {}", fmt::join(known, ", "))
                                 : fmt::format("did you mean {}?", near));
      continue;
    }
    FaultEntry entry;
    entry.info = &*info;
    entry.own = info->make();
    entry.mark = item.mark;
    entry.path = context.path;
    for (const MapEntry& field : item.entries) entry.places.emplace_back(field.key, field.key_mark);
    const int errors = context.diagnostics.errors();
    read_section(fault_entry_fields(*info), item, &entry, context);
    entry.clean = context.diagnostics.errors() == errors;
    out.push_back(std::move(entry));
  }
}

}  // namespace tailrace::models
