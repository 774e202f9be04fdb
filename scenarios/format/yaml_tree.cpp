#include "scenarios/format/yaml_tree.hpp"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <limits>
#include <new>
#include <sstream>
#include <unordered_map>
#include <vector>

#include "models/field/number_text.hpp"
#include "scenarios/format/yaml_faults.hpp"

namespace tailrace::scenarios {
namespace {

using models::Mark;
using models::Node;

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kShortMap = 8;  // keys compared one by one; longer maps are hashed

struct Stop {};  // a fault was reported and reading on makes no sense

struct Event {
  enum class Kind : std::uint8_t { null, scalar, map, list, end, alias };
  Kind kind = Kind::null;
  bool quoted = false;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t anchor = 0;    // alias: what it refers to
  std::size_t text_begin = 0;  // scalar: in Listener::texts_
  std::size_t text_size = 0;
};

struct Anchor {
  std::size_t event = 0;
  std::size_t nodes = 0;  // with aliases expanded
  int height = 0;
  bool open = true;
};

// A map or list that has begun and not ended.
struct Frame {
  bool map = false;
  bool flow = false;
  bool compact = false;    // `[a: 1]`: a map without braces
  std::size_t anchor = 0;  // 0: none
  std::size_t nodes_before = 0;
  int deepest = 0;
  std::size_t items = 0;    // of a list
  std::size_t key = kNone;  // event of the key whose value is awaited
  std::size_t last_key = kNone;
  std::size_t open_paren = kNone;  // event of a plain text in this flow map or list that lacks a ")"
  int open_parens = 0;             // and how many
  Mark mark;
  std::vector<std::size_t> keys;
};

int paren_balance(std::string_view text) {
  int balance = 0;
  for (char c : text) balance += c == '(' ? 1 : c == ')' ? -1 : 0;
  return balance;
}

class Listener final : public YAML::EventHandler {
 public:
  Listener(std::string_view text, const TextPlace& place, TreeLimits& limits,
           models::Diagnostics& diagnostics)
      : text_(text), place_(place), limits_(limits), diagnostics_(diagnostics), anchors_(1) {
    next_newline_ = text_.find('\n');
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    const bool marked = text_.substr(offset(mark), 3) == "---" || text_.find("\n...") < offset(mark);
    if (!events_.empty() && events_[0].kind != Event::Kind::null) refuse_second(offset(mark), marked);
    // Only empty documents so far: "---" twice is an empty file unless something follows.
    second_at_ = offset(mark);
    events_.clear();
    anchors_.resize(1);
  }
  void OnDocumentEnd() override {
    if (documents_ > 1 && !events_.empty() && events_[0].kind != Event::Kind::null)
      refuse_second(second_at_, true);
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    std::size_t at = node_start(mark);
    refuse_tag(at, "?");
    if (awaits_key()) refuse(at, "expected a key before the colon", "");
    Frame* frame = top();
    if (frame != nullptr && !frame->map && frame->flow && text_.substr(at, 1) == ",") {
      refuse(at, "an item is missing before the comma", "");
    }
    // `p99=12ms)` after `lognormal(mean=3ms` in a flow map arrives as a key without a value.
    if (frame != nullptr && frame->map && frame->open_paren != kNone && !events_[frame->key].quoted) {
      const Event key = events_[frame->key];
      events_.pop_back();
      frame->keys.pop_back();
      frame->key = kNone;
      append_to_open(*frame, key.text_begin, key.text_size);
      return;
    }
    const bool written = at < text_.size() && (text_[at] == '~' || text_[at] == 'n' || text_[at] == 'N');
    Event event = event_at(Event::Kind::null, at);
    if (!written &&
        frame != nullptr) {  // the parser says where the next token is; the key is the better place
      event.line = frame->map ? events_[frame->key].line : event.line;
      event.column = frame->map ? events_[frame->key].column : event.column;
    }
    add_leaf(event, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t id) override {
    const std::size_t at = offset(mark);
    if (awaits_key()) refuse(at, "an alias cannot be a key", "write the key out");
    if (id >= anchors_.size())
      refuse(at, "the alias has no anchor before it", "");  // the parser checks this too
    const Anchor& anchor = anchors_[id];
    if (anchor.open) refuse(at, "alias refers to itself", "");
    Event event = event_at(Event::Kind::alias, at);
    event.anchor = static_cast<std::uint32_t>(id);
    limits_.alias_nodes += anchor.nodes;
    if (limits_.alias_nodes > limits_.max_alias_nodes) {
      const std::string limit =
          limits_.max_alias_nodes == 1'000'000 ? "1e6" : std::to_string(limits_.max_alias_nodes);
      refuse(at, "alias expansion exceeds " + limit + " nodes", "");
    }
    check_depth(static_cast<int>(frames_.size()) + anchor.height, at);
    begin_value();
    count_nodes(anchor.nodes, at);
    note_depth(static_cast<int>(frames_.size()) + anchor.height);
    events_.push_back(event);
    end_value();
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const std::size_t at = node_start(mark);
    refuse_tag(at, tag);
    check_quote(at);
    Event event = event_at(Event::Kind::scalar, at);
    event.quoted = tag == "!" || (at < text_.size() && (text_[at] == '"' || text_[at] == '\''));
    event.text_begin = texts_.size();
    event.text_size = value.size();
    texts_ += value;
    if (awaits_key()) {
      if (value == "<<" && !event.quoted) {
        report(at, "merge keys (<<) are not supported",
               "write the keys out, or give the whole map by an alias");
      }
      check_tab(at);
      Frame& frame = frames_.back();
      frame.key = events_.size();
      frame.keys.push_back(frame.key);
      open_anchor(anchor);
      events_.push_back(event);
      count_nodes(1, at);
      close_anchor(anchor, 0, 1);
      return;
    }
    Frame* frame = top();
    if (frame != nullptr && frame->flow && !frame->map && frame->open_paren != kNone && !event.quoted) {
      append_to_open(*frame, event.text_begin, event.text_size);
      return;
    }
    add_leaf(event, anchor);
    if (frame != nullptr && frame->flow && !event.quoted && paren_balance(value) > 0) {
      frame->open_paren = events_.size() - 1;
      frame->open_parens = paren_balance(value);
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    begin_collection(Event::Kind::list, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { end_collection(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    begin_collection(Event::Kind::map, mark, tag, anchor, style);
  }
  void OnMapEnd() override { end_collection(); }

  bool empty() const { return events_.empty(); }

  void build(Node& root) {
    std::size_t at = 0;
    build_node(root, at);
  }

  // What the parser did when it gave up: the innermost bracket that is open, and where the last token was.
  ParserState state() const {
    ParserState s;
    for (auto f = frames_.rbegin(); f != frames_.rend() && s.open_bracket.line == 0; ++f) {
      if (f->flow && !f->compact) s.open_bracket = f->mark;
    }
    s.last_token = last_token_;
    s.path = path();
    return s;
  }

 private:
  Frame* top() { return frames_.empty() ? nullptr : &frames_.back(); }
  bool awaits_key() const { return !frames_.empty() && frames_.back().map && frames_.back().key == kNone; }

  std::size_t offset(const YAML::Mark& mark) const {
    return mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(mark.pos), text_.size());
  }

  // The parser's mark of an anchored node is its anchor; ours is the node behind it.
  std::size_t node_start(const YAML::Mark& mark) const {
    std::size_t at = offset(mark);
    if (at >= text_.size() || text_[at] != '&') return at;
    while (at < text_.size() && std::string_view(" \t\n,[]{}").find(text_[at]) == std::string_view::npos)
      ++at;
    while (at < text_.size()) {
      if (text_[at] == '#') {
        at = std::min(text_.find('\n', at), text_.size());
      } else if (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\n') {
        ++at;
      } else {
        return at;
      }
    }
    return offset(mark);
  }

  // Places are asked for in nearly rising order, so the line is found by walking from the last one.
  Mark mark_at(std::size_t at) {
    if (at < walked_line_start_) {
      walked_line_ = 1;
      walked_line_start_ = 0;
      next_newline_ = text_.find('\n');
    }
    while (next_newline_ < at) {
      ++walked_line_;
      walked_line_start_ = next_newline_ + 1;
      next_newline_ = text_.find('\n', walked_line_start_);
    }
    const std::uint32_t column = static_cast<std::uint32_t>(at - walked_line_start_);
    return {place_.file, place_.line + walked_line_ - 1, column + (walked_line_ == 1 ? place_.column : 1)};
  }

  Event event_at(Event::Kind kind, std::size_t at) {
    Event event;
    event.kind = kind;
    const Mark mark = mark_at(at);
    event.line = mark.line;
    event.column = mark.column;
    last_token_ = at;
    return event;
  }

  std::string_view text_of(const Event& e) const {
    return std::string_view(texts_).substr(e.text_begin, e.text_size);
  }

  std::string path() const {
    std::string out = place_.path;
    for (const Frame& f : frames_) {
      if (f.map && f.key != kNone) out = models::child_path(out, text_of(events_[f.key]));
      if (!f.map && f.items > 0) out = models::item_path(out, f.items - 1);
    }
    return out;
  }

  void report(std::size_t at, std::string message, std::string hint) {
    diagnostics_.error(mark_at(at), path(), std::move(message), std::move(hint));
  }
  [[noreturn]] void refuse(std::size_t at, std::string message, std::string hint) {
    report(at, std::move(message), std::move(hint));
    throw Stop{};
  }
  [[noreturn]] void refuse_second(std::size_t at, bool marked) {
    if (marked) refuse(at, "a second document", "a file holds one scenario; other files can be included");
    refuse(at, "text after the end of the scenario", "is it indented like the lines above?");
  }

  // Any explicit tag: !!python/x, !foo, !!str and the lone "!". Reading goes on, to report what else is
  // wrong.
  void refuse_tag(std::size_t at, std::string_view tag) {
    const bool written = at < text_.size() && text_[at] == '!';
    if (!written && (tag.empty() || tag == "?" || tag == "!")) return;
    if (at == last_tag_) return;
    last_tag_ = at;
    const std::size_t end = std::min(text_.find_first_of(" \t\n,[]{}", at), text_.size());
    const std::string_view name = written ? text_.substr(at, end - at) : tag;
    report(at, "tags are not supported, found " + models::shown(name), "remove the tag");
  }

  // The parser takes a quote that never closes as if it closed at the end of the file.
  void check_quote(std::size_t at) {
    if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
    const char quote = text_[at];
    for (std::size_t i = at + 1; i < text_.size(); ++i) {
      if (quote == '"' && text_[i] == '\\') {
        ++i;
      } else if (text_[i] == quote) {
        if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote) return;
        ++i;
      }
    }
    refuse(at, "the quote is not closed", "");
  }

  void check_tab(std::size_t at) {
    if (!frames_.empty() && frames_.back().flow) return;  // JSON may be indented with tabs
    const std::size_t newline = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view before = text_.substr(start, at - start);
    const std::size_t tab = before.find('\t');
    if (tab == std::string_view::npos || before.find_first_not_of(" \t") != std::string_view::npos) return;
    refuse(start + tab, "tabs cannot indent", "use spaces");
  }

  void check_depth(int depth, std::size_t at) {
    if (depth > limits_.max_depth) refuse(at, "nesting deeper than " + std::to_string(limits_.max_depth), "");
  }
  void note_depth(int depth) {
    if (!frames_.empty()) frames_.back().deepest = std::max(frames_.back().deepest, depth);
  }
  void count_nodes(std::size_t n, std::size_t at) {
    limits_.nodes += n;
    if (limits_.nodes > limits_.max_nodes) {
      refuse(at, "the scenario has more than " + std::to_string(limits_.max_nodes) + " values", "");
    }
  }

  void open_anchor(YAML::anchor_t id) {
    if (id == 0) return;
    if (anchors_.size() <= id) anchors_.resize(id + 1);
    anchors_[id] = {events_.size(), 0, 0, true};
  }
  void close_anchor(YAML::anchor_t id, int height, std::size_t nodes) {
    if (id == 0) return;
    anchors_[id].nodes = nodes;
    anchors_[id].height = height;
    anchors_[id].open = false;
  }

  // Before the value's event is written down.
  void begin_value() {
    if (frames_.empty()) return;
    Frame& frame = frames_.back();
    if (!frame.map) ++frame.items;
    if (frame.open_paren != kNone) refuse_open_paren(frame);
  }
  void end_value() {
    if (!frames_.empty() && frames_.back().map) frames_.back().key = kNone;
  }

  void add_leaf(Event event, YAML::anchor_t anchor) {
    if (event.kind == Event::Kind::scalar && place_.one_line_value && frames_.empty() &&
        last_token_ < text_.size() && (text_[last_token_] == '|' || text_[last_token_] == '>')) {
      refuse(last_token_, "an override's value is one line", "put it in quotes");
    }
    begin_value();
    count_nodes(1, last_token_);
    open_anchor(anchor);
    events_.push_back(event);
    close_anchor(anchor, 0, 1);
    end_value();
  }

  void begin_collection(Event::Kind kind, const YAML::Mark& mark, const std::string& tag,
                        YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    const std::size_t at = node_start(mark);
    refuse_tag(at, tag);
    if (awaits_key()) refuse(at, "a key must be plain text, found a map or list", "put the key in quotes");
    check_depth(static_cast<int>(frames_.size()) + 1, at);
    const bool flow = style == YAML::EmitterStyle::Flow;
    if (place_.one_line_value && !flow && at < text_.size() && (text_[at] == '[' || text_[at] == '{')) {
      refuse(at, "the bracket is not closed", "");  // what the parser makes of `{a: ` at the end of a text
    }
    if (place_.one_line_value && !flow)
      refuse(at, "an override takes flow style", "write [a, b] or {key: value}");
    if (!flow) check_tab(at);
    Event event = event_at(kind, at);
    begin_value();
    count_nodes(1, at);
    open_anchor(anchor);
    Frame frame;
    frame.map = kind == Event::Kind::map;
    frame.flow = flow;
    frame.compact = flow && frame.map && text_.substr(at, 1) != "{";
    frame.anchor = anchor;
    frame.nodes_before = limits_.nodes - 1;
    frame.deepest = static_cast<int>(frames_.size()) + 1;
    frame.mark = {place_.file, event.line, event.column};
    events_.push_back(event);
    frames_.push_back(std::move(frame));
  }

  void end_collection() {
    Frame& frame = frames_.back();
    Frame* parent = frames_.size() > 1 ? &frames_[frames_.size() - 2] : nullptr;
    if (frame.open_paren != kNone) {
      // `[compute: f(a, b)]`: the rest of the text is the next item of the list around this map.
      if (!frame.compact || parent == nullptr) refuse_open_paren(frame);
      parent->open_paren = frame.open_paren;
      parent->open_parens = frame.open_parens;
    }
    if (frame.map) check_duplicates(frame);
    const int depth = static_cast<int>(frames_.size());
    close_anchor(frame.anchor, frame.deepest - depth + 1, limits_.nodes - frame.nodes_before);
    const int deepest = frame.deepest;
    frames_.pop_back();
    events_.push_back({Event::Kind::end, false, 0, 0, 0, 0, 0});
    note_depth(deepest);
    end_value();
  }

  // The text of an open parenthesis and of what came behind the comma are neighbours in texts_.
  void append_to_open(Frame& frame, std::size_t begin, std::size_t size) {
    Event& open = events_[frame.open_paren];
    if (open.text_begin + open.text_size != begin) refuse_open_paren(frame);
    texts_.insert(begin, ", ");
    open.text_size += 2 + size;
    frame.open_parens += paren_balance(std::string_view(texts_).substr(begin));
    if (frame.open_parens <= 0) frame.open_paren = kNone;
  }
  [[noreturn]] void refuse_open_paren(const Frame& frame) {
    const Event& e = events_[frame.open_paren];
    diagnostics_.error(
        {place_.file, e.line, e.column}, path(),
        "the parenthesis is not closed before the next value, found " + models::shown(text_of(e)),
        "close it, or put the text in quotes");
    throw Stop{};
  }

  void check_duplicates(const Frame& frame) {
    const auto duplicate = [&](std::size_t first, std::size_t second) {
      const Event& a = events_[first];
      const Event& b = events_[second];
      diagnostics_.error({place_.file, b.line, b.column}, path(),
                         "duplicate key " + models::shown(text_of(b)), "");
      diagnostics_.note({place_.file, a.line, a.column}, "first given here");
    };
    if (frame.keys.size() <= kShortMap) {
      for (std::size_t i = 1; i < frame.keys.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
          if (text_of(events_[frame.keys[i]]) != text_of(events_[frame.keys[j]])) continue;
          duplicate(frame.keys[j], frame.keys[i]);
          break;
        }
      }
      return;
    }
    std::unordered_map<std::string_view, std::size_t> seen;  // looked up, never walked
    seen.reserve(frame.keys.size());
    for (std::size_t key : frame.keys) {
      const auto [it, fresh] = seen.emplace(text_of(events_[key]), key);
      if (!fresh) duplicate(it->second, key);
    }
  }

  void build_node(Node& node, std::size_t& at) {
    const Event& e = events_[at++];
    if (e.kind == Event::Kind::alias) {
      std::size_t target = anchors_[e.anchor].event;
      build_node(node, target);
      return;
    }
    node.mark = {place_.file, e.line, e.column};
    if (e.kind == Event::Kind::scalar) {
      node.kind = Node::Kind::scalar;
      node.quoted = e.quoted;
      node.text = text_of(e);
    } else if (e.kind == Event::Kind::map) {
      node.kind = Node::Kind::map;
      while (events_[at].kind != Event::Kind::end) {
        const Event& key = events_[at++];
        models::MapEntry& entry = node.entries.emplace_back();
        entry.key = text_of(key);
        entry.key_mark = {place_.file, key.line, key.column};
        build_node(entry.value, at);
      }
      ++at;
    } else if (e.kind == Event::Kind::list) {
      node.kind = Node::Kind::list;
      while (events_[at].kind != Event::Kind::end) build_node(node.items.emplace_back(), at);
      ++at;
    }
  }

  std::string_view text_;
  const TextPlace& place_;
  TreeLimits& limits_;
  models::Diagnostics& diagnostics_;
  std::vector<Anchor> anchors_;  // by the parser's number, from 1
  std::vector<Event> events_;
  std::vector<Frame> frames_;
  std::string texts_;
  int documents_ = 0;
  std::size_t second_at_ = 0;
  std::size_t last_tag_ = kNone;
  std::size_t last_token_ = 0;
  std::size_t next_newline_ = 0;
  std::size_t walked_line_start_ = 0;
  std::uint32_t walked_line_ = 1;
};

}  // namespace

bool parse_tree(std::string_view text, const TextPlace& place, TreeLimits& limits, Node& root,
                models::Diagnostics& diagnostics) {
  const int errors_before = diagnostics.errors();
  if (const std::size_t at = hopeless_nesting(text, limits.max_depth); at < text.size()) {
    diagnostics.error(place_in_text(text, at, place), place.path,
                      "nesting deeper than " + std::to_string(limits.max_depth));
    return false;
  }
  Listener listener(text, place, limits, diagnostics);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(listener)) {
    }
    if (diagnostics.errors() > errors_before) return false;
    if (!listener.empty()) listener.build(root);
    return true;
  } catch (const Stop&) {
  } catch (const YAML::DeepRecursion& e) {
    diagnostics.error(place_in_text(text, static_cast<std::size_t>(std::max(e.mark.pos, 0)), place),
                      place.path, "nesting deeper than " + std::to_string(limits.max_depth));
  } catch (const YAML::Exception& e) {
    const std::size_t at = e.mark.pos < 0 ? text.size() : static_cast<std::size_t>(e.mark.pos);
    report_fault(text, at, e.msg, listener.state(), place, diagnostics);
  } catch (const std::bad_alloc&) {
    throw;  // the host's trouble, not the file's
  } catch (const std::exception& e) {
    diagnostics.error({place.file, place.line, place.column}, place.path,
                      std::string("not valid YAML: ") + e.what());
  }
  return false;
}

}  // namespace tailrace::scenarios
