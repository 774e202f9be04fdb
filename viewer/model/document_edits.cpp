#include "viewer/model/document_edits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "models/catalog.hpp"
#include "scenarios/format/data_files.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"

namespace tailrace::viewer {

namespace {

namespace fs = std::filesystem;
using models::MapEntry;
using models::Node;

constexpr std::int64_t kMillisecond = 1'000'000;

bool leads_to(const std::string& prefix, const std::string& path) {
  return path.size() > prefix.size() && path.compare(0, prefix.size(), prefix) == 0 &&
         (path[prefix.size()] == '.' || path[prefix.size()] == '[');
}

// Calls found(map or list that holds it, index) where the path ends.
template <class Found>
bool walk(Node& node, const std::string& prefix, const std::string& path, Found found) {
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    const std::string own = models::child_path(prefix, node.entries[i].key);
    if (own == path) {
      found(node, i);
      return true;
    }
    if (leads_to(own, path) && walk(node.entries[i].value, own, path, found)) return true;
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string own = models::item_path(prefix, i);
    if (own == path) {
      found(node, i);
      return true;
    }
    if (leads_to(own, path) && walk(node.items[i], own, path, found)) return true;
  }
  return false;
}

Node scalar(std::string text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  return node;
}

Node quoted(std::string text) {
  Node node = scalar(std::move(text));
  node.quoted = true;
  return node;
}

void put(Node& map, std::string key, Node value) {
  for (MapEntry& e : map.entries) {
    if (e.key == key) {
      e.value = std::move(value);
      return;
    }
  }
  map.entries.push_back({std::move(key), {}, std::move(value)});
}

std::string in_words(std::int64_t ns) {
  return ns % kMillisecond == 0 ? fmt::format("{}ms", ns / kMillisecond) : fmt::format("{}ns", ns);
}

Node& faults_of(Node& root) {
  for (MapEntry& e : root.entries) {
    if (e.key != "faults") continue;
    if (!e.value.is_list()) e.value = Node{};
    e.value.kind = Node::Kind::list;
    return e.value;
  }
  Node list;
  list.kind = Node::Kind::list;
  root.entries.push_back({"faults", {}, std::move(list)});
  return root.entries.back().value;
}

bool same_bytes(const fs::path& a, const fs::path& b) {
  std::ifstream first(a, std::ios::binary), second(b, std::ios::binary);
  return first && second &&
         std::equal(std::istreambuf_iterator<char>(first), {}, std::istreambuf_iterator<char>(second), {});
}

}  // namespace

Node* find_path(Node& root, const std::string& path) {
  Node* found = nullptr;
  walk(root, "", path, [&found](Node& holder, std::size_t i) {
    found = holder.is_map() ? &holder.entries[i].value : &holder.items[i];
  });
  return found;
}

const Node* find_path(const Node& root, const std::string& path) {
  return find_path(const_cast<Node&>(root), path);  // walks, and changes nothing
}

bool erase_path(Node& root, const std::string& path) {
  return walk(root, "", path, [](Node& holder, std::size_t i) {
    const auto offset = static_cast<std::ptrdiff_t>(i);
    if (holder.is_map()) {
      holder.entries.erase(holder.entries.begin() + offset);
    } else {
      holder.items.erase(holder.items.begin() + offset);
    }
  });
}

void add_fault(Node& root, const FaultRequest& fault, std::int64_t start_ns) {
  Node& list = faults_of(root);
  const std::int64_t start = (start_ns + kMillisecond - 1) / kMillisecond * kMillisecond;
  std::string name =
      fmt::format("{} {} at {:.6g} s", fault.type, fault.target, static_cast<double>(start) * 1e-9);
  const auto taken = [&list](const std::string& wanted) {
    return std::any_of(list.items.begin(), list.items.end(), [&wanted](const Node& entry) {
      const Node* given = entry.is_map() ? entry.find("name") : nullptr;
      return given != nullptr && given->text == wanted;
    });
  };
  for (int n = 2; taken(name); ++n)
    name =
        fmt::format("{} {} at {:.6g} s ({})", fault.type, fault.target, static_cast<double>(start) * 1e-9, n);
  Node entry;
  entry.kind = Node::Kind::map;
  put(entry, "name", quoted(name));
  put(entry, "type", scalar(fault.type));
  put(entry, "target", quoted(fault.target));
  for (const auto& [key, value] : fault.fields) put(entry, key, scalar(value));
  put(entry, "start", scalar(in_words(start)));
  if (fault.duration_s) {
    const double ms = std::max(1.0, std::round(*fault.duration_s * 1e3));
    put(entry, "duration", scalar(fmt::format("{}ms", static_cast<std::int64_t>(ms))));
  }
  list.items.push_back(std::move(entry));
}

std::string end_fault(Node& root, const std::string& path, const models::Fault& fault, std::int64_t at_ns,
                      std::uint64_t begun) {
  Node* entry = find_path(root, path);
  if (entry == nullptr || !entry->is_map()) return "this fault is not in the scenario";
  if (fault.mtbf || fault.when)
    return "this fault comes by itself; take it out in the inspector, or set its fields";
  if (fault.start.ns >= at_ns) {
    erase_path(root, path);
    return "";
  }
  if (fault.every.ns > 0) {
    Node* repeat = find_path(root, path + ".repeat");
    if (repeat == nullptr || !repeat->is_map()) return "this fault's repetition cannot be ended";
    put(*repeat, "times", scalar(fmt::format("{}", std::max<std::uint64_t>(1, begun))));
    return "";
  }
  const std::int64_t lasts = at_ns - fault.start.ns;
  if (fault.duration && fault.duration->ns <= lasts) return "this fault is over already";
  put(*entry, "duration",
      scalar(in_words(std::max(kMillisecond, (lasts + kMillisecond - 1) / kMillisecond * kMillisecond))));
  return "";
}

std::vector<std::string> scaled_load(const models::ScenarioDoc& doc, const models::Topology& topology,
                                     double factor) {
  using models::ArrivalProcess;
  std::vector<std::string> changes;
  const auto rate = [&](const std::string& path, double per_s) {
    changes.push_back(fmt::format("{}={:.6g}/s", path, per_s * factor));
  };
  const auto users = [&](const std::string& path, double count) {
    changes.push_back(fmt::format("{}={}", path, static_cast<std::int64_t>(std::llround(count * factor))));
  };
  for (const models::Workload& w : topology.workloads) {
    const std::string path = models::child_path("workloads", w.name);
    const auto is_map = [&](const char* section) {
      const Node* node = find_path(doc.root, path + "." + section);
      return node != nullptr && node->is_map();
    };
    switch (w.process) {
      case ArrivalProcess::constant_rate:
        rate(path + ".constant_arrival_rate" + (is_map("constant_arrival_rate") ? ".rate" : ""),
             w.rate_per_s);
        break;
      case ArrivalProcess::sinusoidal_rate:
        rate(path + ".sinusoidal_arrival_rate.base", w.rate_per_s);
        rate(path + ".sinusoidal_arrival_rate.amplitude", w.amplitude_per_s);
        break;
      case ArrivalProcess::ramping_rate:
        rate(path + ".ramping_arrival_rate.start_rate", w.rate_per_s);
        for (std::size_t i = 0; i < w.stages.size(); ++i)
          rate(models::item_path(path + ".ramping_arrival_rate.stages", i) + ".target", w.stages[i].target);
        break;
      case ArrivalProcess::mmpp:
        for (std::size_t i = 0; i < w.states.size(); ++i)
          rate(models::item_path(path + ".mmpp.states", i) + ".rate", w.states[i].rate_per_s);
        break;
      case ArrivalProcess::constant_vus:
        changes.push_back(
            fmt::format("{}={}", path + ".constant_vus" + (is_map("constant_vus") ? ".vus" : ""),
                        std::max<std::int64_t>(1, std::llround(static_cast<double>(w.vus) * factor))));
        break;
      case ArrivalProcess::ramping_vus:
        users(path + ".ramping_vus.start_vus", static_cast<double>(w.vus));
        for (std::size_t i = 0; i < w.stages.size(); ++i)
          users(models::item_path(path + ".ramping_vus.stages", i) + ".target", w.stages[i].target);
        break;
      case ArrivalProcess::trace:
        break;
    }
  }
  return changes;
}

std::vector<FaultOffer> fault_offers(unsigned takes) {
  std::vector<FaultOffer> offers;
  for (const models::FaultInfo& info : models::fault_types()) {
    if ((info.takes & takes) == 0) continue;
    FaultOffer offer{info.name, info.about, {}};
    models::Diagnostics ignored;
    const scenarios::ReadResult example =
        scenarios::read_scenario_text("example: " + info.example, info.name, {}, ignored);
    const Node* entry = example.doc.root.is_map() ? example.doc.root.find("example") : nullptr;
    for (const models::Field& field : info.fields.fields) {
      const Node* given = entry == nullptr || !entry->is_map() ? nullptr : entry->find(field.name);
      const std::string value = given != nullptr && given->is_scalar() ? given->text : field.fallback;
      if (!value.empty()) offer.fields.emplace_back(field.name, value);
    }
    offers.push_back(std::move(offer));
  }
  return offers;
}

EditResult told(const models::Diagnostics& diagnostics, const std::string& done) {
  for (const models::Diagnostic& d : diagnostics.all()) {
    if (d.severity != models::Severity::error) continue;
    return {false, d.path.empty() ? d.message : d.path + ": " + d.message, d.hint};
  }
  return {true, done, ""};
}

std::string session_text(const models::ScenarioDoc& scenario, const std::vector<Edit>& edits) {
  models::ScenarioDoc doc = scenario;
  models::Diagnostics ignored;
  scenarios::override_scenario(doc, {"run.replications=1"}, "view", ignored);
  std::string out = "# Saved by tailrace view. Changes since the scenario was opened:\n";
  for (const Edit& edit : edits) {
    std::string line = edit.text;
    std::replace_if(
        line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    out += fmt::format("#   at {:.6g} s: {}\n", edit.at_s, line);
  }
  if (edits.empty()) out += "#   none\n";
  return out + scenarios::write_scenario(doc.root);
}

EditResult save_session(const models::ScenarioDoc& scenario, const std::vector<Edit>& edits,
                        const std::string& path) {
  const std::string text = session_text(scenario, edits);
  {
    models::Diagnostics diagnostics;
    models::ScenarioDoc asked = scenario;
    scenarios::override_scenario(asked, {"run.replications=1"}, "view", diagnostics);
    const scenarios::ReadResult again = scenarios::read_scenario_text(text, path, {}, diagnostics);
    if (!diagnostics.ok() || !scenarios::same_tree(again.doc.root, asked.root))
      return {false, "this scenario cannot be written as a file", told(diagnostics, "").message};
  }
  std::error_code code;
  const fs::path file = path;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  fs::create_directories(folder, code);
  for (const auto& [name, place] : scenarios::data_files(scenario)) {
    const fs::path copy = folder / name;
    if (fs::equivalent(copy, place, code)) continue;
    if (fs::exists(copy, code) && !same_bytes(copy, place))
      return {false, fmt::format("{} exists and is another file", copy.string()), "save into another folder"};
    fs::create_directories(copy.parent_path(), code);
    fs::copy_file(place, copy, fs::copy_options::overwrite_existing, code);
    if (code) return {false, fmt::format("cannot write {}: {}", copy.string(), code.message()), ""};
  }
  const fs::path temporary = path + ".tmp";
  {
    std::ofstream out(temporary, std::ios::binary);
    out << text;
    if (!out.flush()) return {false, fmt::format("cannot write {}", path), ""};
  }
  fs::rename(temporary, file, code);
  if (code) return {false, fmt::format("cannot write {}: {}", path, code.message()), ""};
  return {true, "saved " + path, ""};
}

}  // namespace tailrace::viewer
