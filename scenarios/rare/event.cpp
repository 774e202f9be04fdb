#include "scenarios/rare/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::scenarios {

namespace {

using models::CompiledModel;
using models::Station;
using What = RareTerm::What;

constexpr std::uint32_t kFinest = 1000;     // scores that are told apart
constexpr std::uint32_t kStepsOfTime = 64;  // of the slowest request's limit
constexpr std::size_t kMostTerms = 16;
constexpr double kMostCount = 1e12;

struct Form {
  std::string_view words;
  What what;
};
constexpr Form kForms[] = {{"queue of ", What::queue},
                           {"requests in ", What::requests},
                           {"down instances of ", What::down},
                           {"lag of ", What::lag},
                           {"slowest request of ", What::slowest},
                           {"failed requests of ", What::failed}};
constexpr const char* kHint =
    "as in: queue of db > 100, requests in db >= 20, down instances of db >= 3, db is down, lag of "
    "orders/mailers > 1000, slowest request of shoppers > 2s, failed requests of shoppers >= 50; joined by "
    "and, or";

std::string trimmed(std::string_view s) {
  const auto first = s.find_first_not_of(" \t\n");
  const auto last = s.find_last_not_of(" \t\n");
  return first == std::string_view::npos ? std::string() : std::string(s.substr(first, last - first + 1));
}

std::vector<std::string> split_at(const std::string& text, std::string_view word) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, from)) {
    parts.push_back(trimmed(std::string_view(text).substr(from, at - from)));
    from = at + word.size();
  }
  parts.push_back(trimmed(std::string_view(text).substr(from)));
  return parts;
}

class Reader {
 public:
  Reader(const CompiledModel& model, EventFault& fault) : m_(model), t_(*model.topology), fault_(fault) {}

  std::optional<RareEvent> run(const std::string& written) {
    RareEvent event;
    event.text = trimmed(written);
    if (event.text == "when" || event.text.starts_with("when ")) event.text = trimmed(event.text.substr(4));
    if (event.text.empty()) return wrong("what is to come about is missing", kHint);
    std::vector<std::string> parts = split_at(event.text, " and ");
    const std::vector<std::string> choices = split_at(event.text, " or ");
    if (parts.size() > 1 && choices.size() > 1)
      return wrong("and beside or: which comes first is not told", "ask about one of them at a time");
    if (choices.size() > 1) {
      event.all = false;
      parts = choices;
    }
    if (parts.size() > kMostTerms)
      return wrong(fmt::format("{} parts; at most {} do", parts.size(), kMostTerms));
    for (const std::string& part : parts) {
      auto term = read_term(part);
      if (!term) return std::nullopt;
      event.terms.push_back(std::move(*term));
    }
    event.goal = kFinest;
    if (event.terms.size() == 1) {
      const RareTerm& term = event.terms[0];
      if (term.what == What::slowest) {
        event.goal = kStepsOfTime;
      } else if (term.limit <= kFinest) {
        event.goal = static_cast<std::uint32_t>(term.limit);
        event.counts = subject_;
      }
    }
    return event;
  }

 private:
  std::nullopt_t wrong(std::string message, std::string hint = {}) {
    if (fault_.message.empty()) fault_ = {std::move(message), std::move(hint)};
    return std::nullopt;
  }

  std::optional<RareTerm> read_term(const std::string& part) {
    RareTerm term;
    if (part.ends_with(" is down")) {
      term.what = What::down;
      const std::string name = trimmed(std::string_view(part).substr(0, part.size() - 8));
      if (!instances(name, term, false)) return std::nullopt;
      term.limit = static_cast<std::int64_t>(term.instances.size());
      subject_ = "down instances of " + name;
      return can_be(term, name) ? std::optional(term) : std::nullopt;
    }
    const std::size_t sign = part.find('>');
    if (sign == std::string::npos) {
      const bool less = part.find('<') != std::string::npos || part.find('=') != std::string::npos;
      return wrong(less ? fmt::format("{}: only > and >= can be reached", models::shown(part))
                        : fmt::format("{} has no > or >=", models::shown(part)),
                   kHint);
    }
    const bool or_equal = sign + 1 < part.size() && part[sign + 1] == '=';
    const std::string left = trimmed(std::string_view(part).substr(0, sign));
    const std::string right = trimmed(std::string_view(part).substr(sign + (or_equal ? 2 : 1)));
    const auto form = std::find_if(std::begin(kForms), std::end(kForms),
                                   [&](const Form& f) { return left.starts_with(f.words); });
    if (form == std::end(kForms))
      return wrong(fmt::format("{} is nothing that can be watched", models::shown(left)), kHint);
    term.what = form->what;
    subject_ = left;
    const std::string name = trimmed(std::string_view(left).substr(form->words.size()));
    if (!subject(name, term) || !limit(right, or_equal, term) || !can_be(term, name)) return std::nullopt;
    return term;
  }

  bool subject(const std::string& name, RareTerm& term) {
    switch (term.what) {
      case What::queue:
      case What::requests:
        return instances(name, term, true);
      case What::down:
        return instances(name, term, false);
      case What::lag:
        return group(name, term);
      case What::slowest:
      case What::failed:
        return workload(name, term);
    }
    return false;
  }

  bool instances(const std::string& name, RareTerm& term, bool with_shared) {
    const std::size_t hash = name.rfind('#');
    const std::string owner = name.substr(0, hash);
    std::optional<std::uint32_t> one;
    if (hash != std::string::npos) {
      const models::Quantity q = models::parse_count(name.substr(hash + 1));
      if (!q.value || *q.value > 1e6) {
        wrong(fmt::format("{}: which instance?", models::shown(name)), "they count from 0, as in db#0");
        return false;
      }
      one = static_cast<std::uint32_t>(*q.value);
    }
    std::vector<std::string_view> known;
    bool found = false;
    for (std::size_t s = 0; s < t_.stations.size(); ++s) {
      const Station& station = t_.stations[s];
      const std::string& component = t_.components[static_cast<std::size_t>(station.component)].name;
      known.push_back(component);
      if (station.name != owner && component != owner) continue;
      found = true;
      const models::StationTable& table = m_.stations[s];
      if (one) {
        if (*one >= table.instances) {
          wrong(fmt::format("{} has {} instances", owner, table.instances), "they count from 0");
          return false;
        }
        term.instances.push_back(table.first_instance + *one);
        continue;
      }
      const std::uint32_t places = table.instances + (with_shared && table.shared ? 1 : 0);
      for (std::uint32_t i = 0; i < places; ++i) term.instances.push_back(table.first_instance + i);
    }
    if (!found) unknown("service or database", owner, known);
    return found;
  }

  bool group(const std::string& name, RareTerm& term) {
    std::vector<std::string_view> known;
    std::uint32_t id = 0;
    for (const models::MessageChannel& channel : t_.channels) {
      for (const models::ConsumerGroup& g : channel.groups) {
        known.push_back(g.name);
        if (g.name == name) {
          term.id = id;
          return true;
        }
        ++id;
      }
    }
    unknown("consumer group", name, known);
    return false;
  }

  bool workload(const std::string& name, RareTerm& term) {
    std::vector<std::string_view> known;
    for (std::size_t w = 0; w < t_.workloads.size(); ++w) {
      known.push_back(t_.workloads[w].name);
      if (t_.workloads[w].name != name) continue;
      term.id = static_cast<std::uint32_t>(w);
      for (std::uint32_t c = 0; c < m_.classes.size(); ++c) {
        if (m_.classes[c].workload == term.id) term.classes.push_back(c);
      }
      return true;
    }
    unknown("workload", name, known);
    return false;
  }

  void unknown(const char* kind, const std::string& name, std::vector<std::string_view> known) {
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    const std::string near = models::nearest_word(name, known);
    std::string hint = near.empty() ? "" : fmt::format("did you mean {}?", near);
    if (hint.empty() && !known.empty() && known.size() <= 12)
      hint = fmt::format("there is {}", fmt::join(known, ", "));
    if (known.empty()) hint = "the scenario has none";
    wrong(fmt::format("there is no {} {}", kind, models::shown(name)), hint);
  }

  bool limit(const std::string& text, bool or_equal, RareTerm& term) {
    const bool time = term.what == What::slowest;
    const models::Quantity q = time ? models::parse_duration_ns(text) : models::parse_number(text);
    if (!q.value) {
      wrong(q.error, q.hint);
      return false;
    }
    if (!(*q.value >= 0) || *q.value > (time ? 9e18 : kMostCount)) {
      wrong(fmt::format("{} is no limit that can be watched", models::shown(text)),
            time ? "a time above 0" : "a number up to 1e12");
      return false;
    }
    const double reached = or_equal ? std::ceil(*q.value) : std::floor(*q.value) + 1;
    if (reached < 1) {
      wrong(fmt::format("{} {} is so at any moment", or_equal ? ">=" : ">", text));
      return false;
    }
    term.limit = static_cast<std::int64_t>(reached);
    return true;
  }

  // What can never come about is better told than looked for.
  bool can_be(const RareTerm& term, const std::string& name) {
    if (term.what == What::down) {
      if (static_cast<std::size_t>(term.limit) > term.instances.size()) {
        wrong(fmt::format("{} has {} instances; {} cannot be down", name, term.instances.size(), term.limit));
        return false;
      }
      const bool touched = std::any_of(term.instances.begin(), term.instances.end(), [&](std::uint32_t i) {
        return m_.stations[m_.instance_station[i]].first_fault != models::kNoId;
      });
      if (!touched)
        wrong(fmt::format("no fault of the scenario takes {} down", name), "faults: pod_kill, ...");
      return touched;
    }
    if (term.what != What::queue && term.what != What::requests) return true;
    double room = 0;
    for (const std::uint32_t i : term.instances) {
      const Station& station = t_.stations[m_.instance_station[i]];
      if (station.queue_capacity == models::kUnlimited) return true;
      room += static_cast<double>(station.queue_capacity);
      if (term.what == What::requests)
        room += static_cast<double>(m_.stations[m_.instance_station[i]].workers);
    }
    if (static_cast<double>(term.limit) <= room) return true;
    wrong(fmt::format("{} has room for {:g} at most", name, room), "its queue's capacity is in the scenario");
    return false;
  }

  const CompiledModel& m_;
  const models::Topology& t_;
  EventFault& fault_;
  std::string subject_;
};

}  // namespace

std::optional<RareEvent> read_event(const std::string& text, const CompiledModel& model, EventFault& fault) {
  fault = {};
  return Reader(model, fault).run(text);
}

std::int64_t EventScore::value(std::size_t index, const models::Peek& peek) {
  const RareTerm& term = event_.terms[index];
  std::uint64_t sum = 0;
  switch (term.what) {
    case What::queue:
      for (const std::uint32_t i : term.instances) sum += peek.queued(i);
      break;
    case What::requests:
      for (const std::uint32_t i : term.instances) sum += peek.queued(i) + peek.busy(i);
      break;
    case What::down:
      for (const std::uint32_t i : term.instances) sum += peek.down(i) ? 1 : 0;
      break;
    case What::lag:
      sum = peek.depth(term.id);
      break;
    case What::failed:
      for (const std::uint32_t c : term.classes) {
        const models::ClassRecord record = peek.request_class(c);
        for (std::size_t o = 1; o < models::kOutcomes; ++o) sum += record.ended[o];
      }
      break;
    case What::slowest: {
      const std::int64_t oldest = peek.oldest_request(term.id, hints_[index]);
      const std::int64_t age = oldest < 0 ? 0 : peek.now_ns() - oldest;
      return std::max(age, std::exchange(slowest_[index], 0));
    }
  }
  return static_cast<std::int64_t>(sum);
}

std::uint32_t EventScore::at(const models::Peek& peek) {
  const double goal = event_.goal;
  double joined = 0;
  bool whole = event_.all;  // all of them, or one
  for (std::size_t i = 0; i < event_.terms.size(); ++i) {
    const std::int64_t reached = value(i, peek), limit = event_.terms[i].limit;
    const bool so = reached >= limit;
    whole = event_.all ? whole && so : whole || so;
    const double share = so ? 1 : static_cast<double>(reached) / static_cast<double>(limit);
    joined = event_.all ? joined + share / static_cast<double>(event_.terms.size()) : std::max(joined, share);
  }
  if (whole) return event_.goal;
  // A count over itself may come out a hair below a whole number.
  return std::min(event_.goal - 1, static_cast<std::uint32_t>(joined * goal + 1e-9));
}

void EventScore::request_ended(std::uint32_t workload, std::int64_t took_ns) {
  for (std::size_t i = 0; i < event_.terms.size(); ++i) {
    if (event_.terms[i].what == What::slowest && event_.terms[i].id == workload)
      slowest_[i] = std::max(slowest_[i], took_ns);
  }
}

}  // namespace tailrace::scenarios
