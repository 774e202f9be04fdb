#include <fmt/format.h>

#include "scenarios/format/data_files.hpp"
#include "scenarios/format/source.hpp"
#include "scenarios/sweep/sweep.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::scenarios {

namespace {

constexpr std::size_t kMostDataBytes = std::size_t{256} << 20u;

class ContentHash {
 public:
  explicit ContentHash(std::uint64_t start) : hash_(start) {}
  std::uint64_t value() const { return hash_; }

  // The length goes first, so that two texts in a row are not one.
  void add(std::string_view text) {
    hash_ = sim::hash_text(fmt::format("{}:", text.size()), hash_);
    hash_ = sim::hash_text(text, hash_);
  }

  void add(const models::Node& node, const std::vector<models::SourceFile>& files) {
    hash_ = sim::hash_text(std::string(1, static_cast<char>('0' + static_cast<int>(node.kind))), hash_);
    if (node.is_scalar()) {
      add(node.quoted ? "\"" : "");
      add(node.text);
      if (node.mark.file < files.size()) add_files(node.text, files[node.mark.file].directory);
    }
    for (const models::MapEntry& e : node.entries) {
      add(e.key);
      add(e.value, files);
    }
    for (const models::Node& item : node.items) add(item, files);
  }

  // What lies in the files that a text may name: empirical(times.csv), or a trace.
  void add_files(const std::string& text, const std::string& folder) {
    for (const DataFile& named : files_named(text, folder)) {
      const FileBytes file = read_bytes(named.second, kMostDataBytes, true);
      add(file.error.empty() ? file.bytes : file.error);
    }
  }

 private:
  std::uint64_t hash_;
};

}  // namespace

PointNames::PointNames(const SweepScenario& scenario, const std::string& version)
    : base_(0), folder_(scenario.doc.files[0].directory) {
  ContentHash hash(sim::hash_text("tailrace sweep point"));
  hash.add(scenario.doc.root, scenario.doc.files);
  hash.add(version);
  hash.add(scenario.seed ? fmt::format("seed {}", *scenario.seed) : "");
  base_ = hash.value();
}

std::string PointNames::name(const std::vector<std::string>& paths,
                             const std::vector<std::string>& values) const {
  ContentHash hash(base_);
  for (std::size_t k = 0; k < paths.size(); ++k) {
    hash.add(paths[k] + "=" + values[k]);
    hash.add_files(values[k], folder_);
  }
  return fmt::format("{:016x}", sim::SplitMix64{hash.value()}.next());
}

}  // namespace tailrace::scenarios
