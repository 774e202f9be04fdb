#pragma once
// Spans of distributed traces as plain data, and the two formats that they are read from. The JSON is read as
// a stream of objects: a span becomes 56 bytes and is forgotten as text, so a million of them need no tree.
// Names are numbered; number 0 is "". What is no span, or lacks an id or a time, is counted and left out.
//
//   read_otlp     OpenTelemetry's JSON, one document or one per line (the collector's file exporter)
//   read_jaeger   what Jaeger's UI and query API export: {"data": [{"spans": [...], "processes": {...}}]}
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tailrace::scenarios {

class NameTable {
 public:
  NameTable() { of(""); }
  NameTable(NameTable&&) = default;
  NameTable& operator=(NameTable&&) = default;
  std::uint32_t of(std::string_view name);
  const std::string& text(std::uint32_t number) const { return *texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;  // looked up, never walked
  std::vector<const std::string*> texts_;
};

struct Span {
  enum class Kind : std::uint8_t { internal, server, client, producer, consumer };
  // A piece of a span in our own traces: what it waited for, as a child.
  enum class Piece : std::uint8_t { no, network, queue, other };

  std::uint32_t id = 0, parent = 0;  // numbers of SpanSet::ids; 0: none
  std::uint32_t service = 0, name = 0, instance = 0;
  std::uint32_t peer = 0;           // whom a client calls, where the span says so
  std::int64_t start = 0, end = 0;  // ns, start <= end
  Kind kind = Kind::internal;
  Piece piece = Piece::no;
  bool error = false;
  bool database = false;
  bool follows = false;  // its parent does not wait for it
};

struct SpanSet {
  NameTable names, ids;
  std::vector<Span> spans;
  std::uint64_t unusable = 0;   // no id, no time, or a time that is none
  std::uint64_t backwards = 0;  // end before start: taken as no time at all
  std::string error;            // why the text could not be read, with its line and column; or ""
};

SpanSet read_otlp(std::string_view text);
SpanSet read_jaeger(std::string_view text);

}  // namespace tailrace::scenarios
