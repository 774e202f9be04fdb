#include "scenarios/import/visits.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace tailrace::scenarios {

namespace {

constexpr std::uint32_t kMostOperations = 200;  // of a component; further names are one operation, "other"
constexpr std::size_t kLongestOperation = 120;
constexpr std::int32_t kNone = -1;

bool calls(Span::Kind kind) {
  return kind == Span::Kind::client || kind == Span::Kind::producer;
}
bool serves(Span::Kind kind) {
  return kind == Span::Kind::server || kind == Span::Kind::consumer;
}

class Finder {
 public:
  explicit Finder(const SpanSet& set) : set_(set), spans_(set.spans) {}

  VisitSet find() {
    link();
    order();
    std::vector<bool> makes_call(spans_.size(), false);  // itself or below it, in the same service
    for (auto i = order_.rbegin(); i != order_.rend(); ++i) {
      const std::int32_t p = parent_[*i];
      if (p == kNone || spans_[*i].piece != Span::Piece::no) continue;
      const auto at = static_cast<std::size_t>(p);
      if (begins_visit(*i) || makes_call[*i] || is_leaf_call(*i, makes_call)) makes_call[at] = true;
    }
    visit_of_.assign(spans_.size(), kNoVisit);
    call_taken_.assign(spans_.size(), false);
    for (const std::size_t i : order_) place(i, makes_call);
    return std::move(out_);
  }

 private:
  void link() {
    std::vector<std::int32_t> by_id(set_.ids.size(), kNone);
    parent_.assign(spans_.size(), kNone);
    dropped_.assign(spans_.size(), false);
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      if (by_id[spans_[i].id] != kNone) {
        dropped_[i] = true;
        ++out_.duplicates;
      } else {
        by_id[spans_[i].id] = static_cast<std::int32_t>(i);
      }
    }
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      if (dropped_[i] || spans_[i].parent == 0) continue;
      parent_[i] = by_id[spans_[i].parent];
      if (parent_[i] == kNone) ++out_.orphans;
    }
    // A span that is its own ancestor becomes a root.
    std::vector<std::uint8_t> state(spans_.size(), 0);
    std::vector<std::size_t> way;
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      std::size_t at = i;
      way.clear();
      while (state[at] == 0) {
        state[at] = 1;
        way.push_back(at);
        if (parent_[at] == kNone) break;
        const auto up = static_cast<std::size_t>(parent_[at]);
        if (state[up] == 1) {
          parent_[at] = kNone;
          ++out_.cycles;
          break;
        }
        at = up;
      }
      for (const std::size_t w : way) state[w] = 2;
    }
  }

  // Parents first; the children of one by their start. Equal starts keep the order of the file.
  void order() {
    std::vector<std::uint32_t> count(spans_.size() + 1, 0);
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      if (parent_[i] != kNone) ++count[static_cast<std::size_t>(parent_[i]) + 1];
    }
    for (std::size_t i = 1; i < count.size(); ++i) count[i] += count[i - 1];
    std::vector<std::uint32_t> children(count.back()), next(count.begin(), count.end() - 1);
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      if (parent_[i] != kNone)
        children[next[static_cast<std::size_t>(parent_[i])]++] = static_cast<std::uint32_t>(i);
    }
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      if (parent_[i] == kNone && !dropped_[i]) order_.push_back(i);
      std::stable_sort(children.begin() + count[i], children.begin() + count[i + 1],
                       [&](std::uint32_t a, std::uint32_t b) { return spans_[a].start < spans_[b].start; });
    }
    for (std::size_t k = 0; k < order_.size(); ++k) {
      const std::size_t i = order_[k];
      for (std::uint32_t c = count[i]; c < count[i + 1]; ++c) order_.push_back(children[c]);
    }
  }

  bool begins_visit(std::size_t i) const {
    const Span& span = spans_[i];
    if (span.piece != Span::Piece::no) return false;
    if (parent_[i] == kNone) return true;
    const Span& parent = spans_[static_cast<std::size_t>(parent_[i])];
    return span.service != parent.service || (serves(span.kind) && calls(parent.kind));
  }
  // Nothing below it shows whom it called, but it says so itself.
  bool is_leaf_call(std::size_t i, const std::vector<bool>& makes_call) const {
    const Span& span = spans_[i];
    if (makes_call[i] || span.piece != Span::Piece::no) return false;
    if (span.database) return calls(span.kind) || span.kind == Span::Kind::internal;
    return calls(span.kind) && span.peer != 0 && span.peer != span.service;
  }

  std::uint32_t component(const std::string& name, bool database, bool outside) {
    const auto [it, fresh] =
        component_of_.try_emplace({database, name}, static_cast<std::uint32_t>(out_.components.size()));
    if (fresh) {
      out_.components.push_back({name, database, outside});
      operations_in_.push_back(0);
    }
    if (!outside) out_.components[it->second].outside = false;
    return it->second;
  }
  std::uint32_t operation(std::uint32_t component, std::uint32_t name) {
    const auto known = operation_by_name_.find({component, name});
    if (known != operation_by_name_.end()) return known->second;
    const std::string& text = set_.names.text(name);
    const std::string& owner = out_.components[component].name;
    std::string pattern = operation_pattern(text);
    if (pattern.size() > owner.size() + 1 && pattern.rfind(owner + ".", 0) == 0)
      pattern.erase(0, owner.size() + 1);
    if (pattern.empty()) pattern = "request";
    auto it = operation_of_.find({component, pattern});
    if (it == operation_of_.end()) {
      if (operations_in_[component] + 1 >= kMostOperations) {
        pattern = "other";
        ++out_.merged_names;
      }
      const auto fresh = static_cast<std::uint32_t>(out_.operations.size());
      bool added = false;
      std::tie(it, added) = operation_of_.try_emplace({component, pattern}, fresh);
      if (added) {
        out_.operations.push_back({component, pattern});
        ++operations_in_[component];
      }
    }
    return operation_by_name_[{component, name}] = it->second;
  }

  std::int32_t add(Visit visit) {
    out_.visits.push_back(visit);
    return static_cast<std::int32_t>(out_.visits.size() - 1);
  }

  // Into the parent's time, by a move where it fits and by a cut where it does not.
  void fit_into_parent(Visit& visit) {
    if (visit.background || visit.parent == kNoVisit) return;
    const Visit& parent = out_.visits[static_cast<std::size_t>(visit.parent)];
    const std::int64_t length = visit.answered - visit.called;
    const bool skewed = visit.called < parent.start || visit.answered > parent.end;
    if (!skewed) return;
    ++out_.skewed;
    visit.called = std::clamp(visit.called, parent.start, std::max(parent.start, parent.end - length));
    visit.answered = std::min(visit.called + length, parent.end);
  }

  void place(std::size_t i, const std::vector<bool>& makes_call) {
    const Span& span = spans_[i];
    const std::int32_t p = parent_[i];
    const std::int32_t outer = p == kNone ? kNoVisit : visit_of_[static_cast<std::size_t>(p)];
    visit_of_[i] = outer;
    if (span.piece != Span::Piece::no) {
      if (outer != kNoVisit) piece(out_.visits[static_cast<std::size_t>(outer)], span);
      return;
    }
    if (begins_visit(i)) {
      Visit visit;
      visit.component = component(set_.names.text(span.service), false, false);
      visit.operation = operation(visit.component, span.name);
      visit.parent = outer;
      visit.instance = span.instance;
      visit.start = visit.called = span.start;
      visit.end = visit.answered = span.end;
      visit.error = span.error;
      visit.user = p == kNone && span.kind == Span::Kind::client;
      if (p != kNone) {
        const auto at = static_cast<std::size_t>(p);
        const Span& caller = spans_[at];
        visit.background = span.follows || caller.follows || caller.kind == Span::Kind::producer ||
                           span.kind == Span::Kind::consumer;
        // A root that is a client span is the user, and its time is the call's as well.
        if (calls(caller.kind) && !call_taken_[at] && !visit.background) {
          call_taken_[at] = true;
          visit.called = caller.start;
          visit.answered = caller.end;
          const std::int64_t gap = (caller.end - caller.start) - (span.end - span.start);
          const bool own_trace = piece_seen_;
          if (gap < 0) ++out_.skewed;
          if (!own_trace) visit.gap = std::max<std::int64_t>(gap, 0);
        }
      }
      fit_into_parent(visit);
      visit_of_[i] = add(visit);
    } else if (!is_leaf_call(i, makes_call)) {
      return;
    }
    if (is_leaf_call(i, makes_call) && visit_of_[i] != kNoVisit) leaf(i);
  }

  void leaf(std::size_t i) {
    const Span& span = spans_[i];
    Visit visit;
    const std::string& peer = set_.names.text(span.peer);
    visit.component = component(peer.empty() ? "database" : peer, span.database, !span.database);
    visit.operation = operation(visit.component, span.name);
    visit.parent = visit_of_[i];
    visit.start = visit.called = span.start;
    visit.end = visit.answered = span.end;
    visit.error = span.error;
    visit.background = span.follows || span.kind == Span::Kind::producer;
    fit_into_parent(visit);
    add(visit);
  }

  // Our own traces: the network is inside the server's span, at its two ends.
  static void piece(Visit& visit, const Span& span) {
    const std::int64_t length = span.end - span.start;
    if (span.piece == Span::Piece::network && length <= visit.end - visit.start) {
      if (span.start <= visit.start) {
        visit.start += length;
      } else if (span.end >= visit.end) {
        visit.end -= length;
      } else {
        return;
      }
      visit.gap = std::max<std::int64_t>(visit.gap, 0) + length;
    }
    if (span.piece == Span::Piece::queue) visit.waited += length;
  }

  const SpanSet& set_;
  const std::vector<Span>& spans_;
  const bool piece_seen_ =
      std::any_of(spans_.begin(), spans_.end(), [](const Span& s) { return s.piece != Span::Piece::no; });
  VisitSet out_;
  std::vector<std::int32_t> parent_, visit_of_;
  std::vector<bool> dropped_, call_taken_;
  std::vector<std::size_t> order_;
  std::map<std::pair<bool, std::string>, std::uint32_t> component_of_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> operation_by_name_;
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> operation_of_;
  std::vector<std::uint32_t> operations_in_;
};

// A number, or hexadecimal digits and dashes with a number among them: an id.
bool looks_like_id(std::string_view part) {
  bool digit = false;
  for (const char c : part) {
    const bool is_digit = c >= '0' && c <= '9';
    const bool hex = is_digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '-';
    if (!hex) return false;
    digit = digit || is_digit;
  }
  const bool number = part.find_first_not_of("0123456789") == std::string_view::npos;
  return digit && (number || part.size() >= 8);
}

}  // namespace

std::string operation_pattern(const std::string& name) {
  std::string out;
  const std::size_t end = std::min(name.find('?'), name.size());
  for (std::size_t at = 0; at < end;) {
    const std::size_t slash = std::min(name.find('/', at), end);
    const std::string_view part = std::string_view(name).substr(at, slash - at);
    out += at > 0 && looks_like_id(part) ? std::string_view("id") : part;
    if (slash < end) out += '/';
    at = slash + 1;
  }
  if (out.size() > kLongestOperation) out.resize(kLongestOperation);
  return out;
}

VisitSet find_visits(const SpanSet& set) {
  return Finder(set).find();
}

}  // namespace tailrace::scenarios
