#include "models/field/distribution_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "models/field/data_rows.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"

namespace tailrace::models {
namespace {

using sim::Distribution;
using Values = std::array<double, 3>;

// What a parameter may be. The ranges of plain numbers keep every moment and every draw within a double.
enum class Take { quantity, scale, cv, shape, alpha, exponent, probability, phases, ranks };

struct Range {
  Take take;
  double min, max;
};
constexpr Range kRanges[] = {{Take::cv, 0, 1000},      {Take::shape, 0.05, 1e6},  {Take::alpha, 0.1, 1e6},
                             {Take::exponent, 0, 100}, {Take::probability, 0, 1}, {Take::phases, 1, 1e6},
                             {Take::ranks, 1, 1e15}};
constexpr double kLeastQuantity = 1e-100, kMostQuantity = 1e100;  // moments are products of some of them
constexpr double kMaxSpread = 1e6;  // of p99/p50: sigma 5.9, beyond every measurement

struct Parameter {
  std::string_view name;
  Take take = Take::quantity;
};

struct Built {
  std::optional<Distribution> value;
  std::string error;
  std::string hint;
};
Built fails(std::string error, std::string hint = {}) {
  return {{}, std::move(error), std::move(hint)};
}

// One set of parameters that a name accepts. The parameters may be written without names when `positional`.
struct Form {
  std::string_view name;
  bool positional;
  std::vector<Parameter> parameters;
  Built (*build)(const Values&);
};

constexpr double kMostP99ByMean = 14.97;  // exp(z^2/2), z the 99 % point of the normal law

Built lognormal_mean_p99(const Values& v) {
  if (v[1] <= v[0]) return fails("p99 must be above the mean", "the mean of a lognormal lies below its p99");
  if (!Distribution::lognormal_mean_p99_solvable(v[0], v[1])) {
    return fails(
        fmt::format("no lognormal has a p99 of {:.4g} times its mean; the largest possible ratio is {}",
                    v[1] / v[0], kMostP99ByMean),
        "give p50 and p99, or a bimodal with a rare slow case");
  }
  return {Distribution::lognormal_mean_p99(v[0], v[1]), {}, {}};
}
Built lognormal_spread(double mean, double cv) {
  if (cv > kRanges[0].max) return fails(fmt::format("sd is more than {} times the mean", kRanges[0].max));
  return {Distribution::lognormal_mean_sd(mean, cv * mean), {}, {}};
}
Built lognormal_p50_p99(const Values& v) {
  if (v[0] > v[1]) return fails("p50 is above p99");
  if (v[1] / v[0] > kMaxSpread) return fails(fmt::format("p99 is more than {:.0f} times p50", kMaxSpread));
  return {Distribution::lognormal_p50_p99(v[0], v[1]), {}, {}};
}
Built gamma_spread(double mean, double cv) {
  const double square = cv * cv;
  if (cv == 0) return {Distribution::constant(mean), {}, {}};
  if (cv < 1e-4 || cv > 10) {
    return fails(fmt::format("the cv (sd by mean) must be from 0.0001 to 10, found {}", cv),
                 "for a wider spread use lognormal");
  }
  return {Distribution::gamma(1 / square, mean * square), {}, {}};
}
Built uniform(const Values& v) {
  if (v[0] > v[1]) return fails("min is above max");
  return {Distribution::uniform(v[0], v[1]), {}, {}};
}
Built pareto_mean(const Values& v) {
  if (v[0] <= 1)
    return fails(fmt::format("with alpha {} the mean is infinite", v[0]), "give min, or an alpha above 1");
  return {Distribution::pareto(v[0], v[1] * (v[0] - 1) / v[0]), {}, {}};
}
// Balanced means: both phases carry half of the mean, p1 mean1 = p2 mean2.
Built hyperexponential_cv(const Values& v) {
  if (v[1] < 1) {
    return fails(fmt::format("a hyperexponential has a cv of at least 1, found {}", v[1]),
                 "below 1 use erlang or gamma");
  }
  if (v[1] == 1) return {Distribution::exponential(v[0]), {}, {}};
  const double part = 2 / (v[1] * v[1] + 1);
  const double p2 = part / (2 * (1 + std::sqrt(1 - part)));
  const double p1 = 1 - p2;
  return {Distribution::hyperexponential({p1, p2}, {v[0] / (2 * p1), v[0] / (2 * p2)}), {}, {}};
}
Built bimodal(const Values& v) {
  if (v[1] > v[2]) return fails("fast is slower than slow", "p is the probability of slow");
  return {
      Distribution::mixture({1 - v[0], v[0]}, {Distribution::constant(v[1]), Distribution::constant(v[2])}),
      {},
      {}};
}

const std::vector<Form>& forms() {
  using enum Take;
  static const std::vector<Form> list = {
      {"constant",
       true,
       {{"value", quantity}},
       [](const Values& v) {
         return Built{Distribution::constant(v[0]), {}, {}};
       }},
      {"uniform", true, {{"min", quantity}, {"max", quantity}}, uniform},
      {"exponential",
       true,
       {{"mean", scale}},
       [](const Values& v) {
         return Built{Distribution::exponential(v[0]), {}, {}};
       }},
      {"erlang",
       false,
       {{"k", phases}, {"mean", scale}},
       [](const Values& v) {
         return Built{Distribution::erlang(static_cast<int>(v[0]), v[1]), {}, {}};
       }},
      {"gamma",
       false,
       {{"shape", shape}, {"scale", scale}},
       [](const Values& v) {
         return Built{Distribution::gamma(v[0], v[1]), {}, {}};
       }},
      {"gamma",
       false,
       {{"mean", scale}, {"cv", cv}},
       [](const Values& v) { return gamma_spread(v[0], v[1]); }},
      {"gamma",
       false,
       {{"mean", scale}, {"sd", quantity}},
       [](const Values& v) { return gamma_spread(v[0], v[1] / v[0]); }},
      {"normal",
       false,
       {{"mean", quantity}, {"sd", quantity}},
       [](const Values& v) {
         return Built{Distribution::normal(v[0], v[1]), {}, {}};
       }},
      {"lognormal", false, {{"mean", scale}, {"p99", scale}}, lognormal_mean_p99},
      {"lognormal",
       false,
       {{"mean", scale}, {"cv", cv}},
       [](const Values& v) { return lognormal_spread(v[0], v[1]); }},
      {"lognormal",
       false,
       {{"mean", scale}, {"sd", quantity}},
       [](const Values& v) { return lognormal_spread(v[0], v[1] / v[0]); }},
      {"lognormal", false, {{"p50", scale}, {"p99", scale}}, lognormal_p50_p99},
      {"weibull",
       false,
       {{"shape", shape}, {"scale", scale}},
       [](const Values& v) {
         return Built{Distribution::weibull(v[0], v[1]), {}, {}};
       }},
      {"pareto",
       false,
       {{"alpha", alpha}, {"min", scale}},
       [](const Values& v) {
         return Built{Distribution::pareto(v[0], v[1]), {}, {}};
       }},
      {"pareto", false, {{"alpha", alpha}, {"mean", scale}}, pareto_mean},
      {"hyperexponential",
       false,
       {{"p1", probability}, {"mean1", scale}, {"mean2", scale}},
       [](const Values& v) {
         return Built{Distribution::hyperexponential({v[0], 1 - v[0]}, {v[1], v[2]}), {}, {}};
       }},
      {"hyperexponential", false, {{"mean", scale}, {"cv", cv}}, hyperexponential_cv},
      {"bimodal", false, {{"p", probability}, {"fast", quantity}, {"slow", quantity}}, bimodal},
      {"zipf",
       false,
       {{"s", exponent}, {"n", ranks}},
       [](const Values& v) {
         return Built{Distribution::zipf(v[0], static_cast<std::uint64_t>(v[1])), {}, {}};
       }},
  };
  return list;
}
constexpr std::string_view kNames[] = {
    "constant", "uniform",   "exp",       "exponential",  "erlang",           "gamma",
    "normal",   "lognormal", "weibull",   "pareto",       "hyperexponential", "bimodal",
    "mixture",  "zipf",      "empirical", "empirical_cdf"};
constexpr std::string_view kNameList =
    "constant, uniform, exp, erlang, gamma, normal, lognormal, weibull, pareto, hyperexponential, bimodal, "
    "mixture, "
    "zipf, empirical or empirical_cdf";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_letter(char c) {
  return is_word(c) && !(c >= '0' && c <= '9');
}

// A piece of the whole text with its place.
struct Piece {
  std::string_view text;
  std::size_t offset = 0;
};
Piece trimmed(Piece p) {
  while (!p.text.empty() && is_space(p.text.front())) {
    p.text.remove_prefix(1);
    ++p.offset;
  }
  while (!p.text.empty() && is_space(p.text.back())) p.text.remove_suffix(1);
  return p;
}
Piece sub(Piece p, std::size_t from, std::size_t count = std::string_view::npos) {
  return trimmed({p.text.substr(from, count), p.offset + from});
}

struct Argument {
  Piece name;  // empty text when positional
  Piece value;
};

std::string joined(const std::vector<std::string_view>& names) {
  std::string s;
  for (std::size_t i = 0; i < names.size(); ++i) {
    s += i == 0 ? "" : i + 1 == names.size() ? " and " : ", ";
    s += names[i];
  }
  return s;
}
std::string parameter_list(const Form& form) {
  std::vector<std::string_view> names;
  for (const Parameter& p : form.parameters) names.push_back(p.name);
  return joined(names);
}
// "mean and p99; or mean and cv"
std::string all_parameter_lists(std::string_view family) {
  std::string s;
  for (const Form& form : forms()) {
    if (form.name == family) s += (s.empty() ? "" : "; or ") + parameter_list(form);
  }
  return s;
}

ParsedDistribution failure(std::size_t offset, std::string error, std::string hint = {}) {
  return {{}, std::move(error), std::move(hint), offset};
}

class Parser {
 public:
  explicit Parser(const DistributionContext& context) : context_(context) {}

  ParsedDistribution parse(Piece text, int depth) {
    text = trimmed(text);
    if (text.text.empty()) {
      return failure(text.offset,
                     fmt::format("expected {} or a distribution, found nothing", context_.quantity));
    }
    std::size_t end = 0;
    if (is_letter(text.text[0])) {
      while (end < text.text.size() && is_word(text.text[end])) ++end;
    }
    const std::string_view word = text.text.substr(0, end);
    const Piece rest = sub(text, end);
    if (!word.empty() && rest.text.starts_with('(')) return parse_call({word, text.offset}, rest, depth);
    const Quantity q = context_.unit(text.text);
    if (q.value) {
      if (*q.value < 0)
        return failure(text.offset,
                       fmt::format("expected {} >= 0, found {}", context_.quantity, shown(text.text)));
      return {Distribution::constant(*q.value), {}, {}, 0};
    }
    if (word.empty()) return failure(text.offset, q.error, q.hint);
    if (is_name(word)) {
      return failure(rest.offset, fmt::format("expected ( after {}", word),
                     fmt::format("write {}(...)", word));
    }
    return failure(
        text.offset,
        fmt::format("expected {} or a distribution, found {}", context_.quantity, shown(text.text)),
        name_hint(word));
  }

 private:
  static bool is_name(std::string_view word) {
    return std::find(std::begin(kNames), std::end(kNames), word) != std::end(kNames);
  }
  static std::string name_hint(std::string_view word) {
    std::string lower(word);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const std::string near = nearest_word(lower, {std::begin(kNames), std::end(kNames)});
    return near.empty() ? fmt::format("the distributions are {}", kNameList)
                        : fmt::format("did you mean {}?", near);
  }

  // rest begins with "("
  ParsedDistribution parse_call(Piece name, Piece rest, int depth) {
    if (!is_name(name.text)) {
      return failure(name.offset, fmt::format("there is no distribution named {}", shown(name.text)),
                     name_hint(name.text));
    }
    if (name.text == "exp") name.text = "exponential";
    std::vector<Piece> pieces;
    if (ParsedDistribution bad = split(rest, pieces); !bad.error.empty()) return bad;
    if (name.text == "mixture") return parse_mixture(name, pieces, depth);
    std::vector<Argument> arguments;
    for (const Piece& piece : pieces) {
      arguments.push_back(argument(piece));
      const Argument& a = arguments.back();
      if (a.value.text.empty()) {
        return failure(a.value.offset, a.name.text.empty()
                                           ? fmt::format("{}: expected a parameter, found nothing", name.text)
                                           : fmt::format("{} has no value", a.name.text));
      }
      for (std::size_t i = 0; !a.name.text.empty() && i + 1 < arguments.size(); ++i) {
        if (arguments[i].name.text == a.name.text) {
          return failure(a.name.offset, fmt::format("{} is given twice", a.name.text));
        }
      }
    }
    if (name.text == "empirical" || name.text == "empirical_cdf") return parse_empirical(name, arguments);
    return parse_form(name, arguments);
  }

  // "(a, b(c, d))" into its pieces at the outermost commas; text in double quotes is left whole.
  static ParsedDistribution split(Piece text, std::vector<Piece>& pieces) {
    int open = 0;
    bool quoted = false;
    std::size_t start = 1;
    for (std::size_t i = 0; i < text.text.size(); ++i) {
      const char c = text.text[i];
      if (c == '"') quoted = !quoted;
      if (quoted) continue;
      if (c == '(') ++open;
      if (c == ')') --open;
      if ((c == ',' && open == 1) || open == 0) {
        pieces.push_back(sub(text, start, i - start));
        start = i + 1;
      }
      if (open > 0) continue;
      const Piece after = sub(text, i + 1);
      if (pieces.size() == 1 && pieces[0].text.empty()) pieces.clear();
      if (after.text.empty()) return {};
      return failure(after.offset,
                     fmt::format("unexpected {} after the closing parenthesis", shown(after.text)));
    }
    return failure(text.offset + text.text.size(),
                   quoted ? "a quoted name is not closed" : "expected ) at the end");
  }

  static Argument argument(Piece piece) {
    std::size_t end = 0;
    if (!piece.text.empty() && is_letter(piece.text[0])) {
      while (end < piece.text.size() && is_word(piece.text[end])) ++end;
    }
    const Piece rest = sub(piece, end);
    if (end == 0 || !rest.text.starts_with('=')) return {{}, piece};
    return {{piece.text.substr(0, end), piece.offset}, sub(rest, 1)};
  }

  ParsedDistribution parse_form(Piece family, std::vector<Argument>& arguments) {
    std::vector<const Form*> candidates;
    std::vector<std::string_view> known;
    for (const Form& form : forms()) {
      if (form.name != family.text) continue;
      candidates.push_back(&form);
      for (const Parameter& p : form.parameters) {
        if (std::find(known.begin(), known.end(), p.name) == known.end()) known.push_back(p.name);
      }
    }
    const Form& only = *candidates[0];
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      Argument& a = arguments[i];
      if (!a.name.text.empty()) continue;
      const bool in_place =
          only.positional && std::all_of(arguments.begin(), arguments.end(),
                                         [](const Argument& b) { return b.name.text.empty(); });
      if (!in_place && !(only.positional && i > 0)) {
        return failure(a.value.offset,
                       fmt::format("{}: expected name=value, found {}", family.text, shown(a.value.text)),
                       fmt::format("{} takes {}", family.text, all_parameter_lists(family.text)));
      }
      if (!in_place) {
        return failure(a.value.offset, fmt::format("{}: {} stands without a name among named parameters",
                                                   family.text, shown(a.value.text)));
      }
    }
    if (!arguments.empty() && arguments[0].name.text.empty()) {
      if (arguments.size() != only.parameters.size()) {
        return failure(family.offset,
                       fmt::format("{} takes {}, found {} value{}", family.text, parameter_list(only),
                                   arguments.size(), arguments.size() == 1 ? "" : "s"));
      }
      for (std::size_t i = 0; i < arguments.size(); ++i)
        arguments[i].name = {only.parameters[i].name, arguments[i].value.offset};
    }
    for (const Argument& a : arguments) {
      if (std::find(known.begin(), known.end(), a.name.text) != known.end()) continue;
      const std::string near = nearest_word(a.name.text, known);
      return failure(a.name.offset, fmt::format("{} has no parameter {}", family.text, shown(a.name.text)),
                     near.empty() ? fmt::format("{} takes {}", family.text, all_parameter_lists(family.text))
                                  : fmt::format("did you mean {}?", near));
    }
    for (const Form* form : candidates) {
      if (matches(*form, arguments)) return build(family, *form, arguments);
    }
    return misfit(family, candidates, arguments);
  }

  static const Argument* find(const std::vector<Argument>& arguments, std::string_view name) {
    for (const Argument& a : arguments) {
      if (a.name.text == name) return &a;
    }
    return nullptr;
  }
  static bool matches(const Form& form, const std::vector<Argument>& arguments) {
    if (form.parameters.size() != arguments.size()) return false;
    return std::all_of(form.parameters.begin(), form.parameters.end(),
                       [&](const Parameter& p) { return find(arguments, p.name) != nullptr; });
  }
  static ParsedDistribution misfit(Piece family, const std::vector<const Form*>& candidates,
                                   const std::vector<Argument>& arguments) {
    const std::string takes = fmt::format("{} takes {}", family.text, all_parameter_lists(family.text));
    std::string missing;  // of the forms that hold everything that was given
    for (const Form* form : candidates) {
      std::vector<std::string_view> absent;
      for (const Parameter& p : form->parameters) {
        if (find(arguments, p.name) == nullptr) absent.push_back(p.name);
      }
      if (absent.size() + arguments.size() == form->parameters.size()) {
        missing += (missing.empty() ? "" : ", or ") + joined(absent);
      }
    }
    if (!missing.empty())
      return failure(family.offset, fmt::format("{} lacks {}", family.text, missing), takes);
    std::vector<std::string_view> given;
    for (const Argument& a : arguments) given.push_back(a.name.text);
    return failure(family.offset, fmt::format("{} cannot have {} together", family.text, joined(given)),
                   takes);
  }

  ParsedDistribution build(Piece family, const Form& form, const std::vector<Argument>& arguments) {
    if (form.name == "zipf" && context_.unit != parse_number && context_.unit != parse_count) {
      return failure(family.offset,
                     fmt::format("expected {}, but zipf draws ranks 1 to n", context_.quantity));
    }
    Values values{};
    for (std::size_t i = 0; i < form.parameters.size(); ++i) {
      const Piece text = find(arguments, form.parameters[i].name)->value;
      Built read = read_value(form.parameters[i], text.text, values[i]);
      if (!read.error.empty()) {
        return failure(text.offset, fmt::format("{}: {}", form.parameters[i].name, read.error),
                       std::move(read.hint));
      }
    }
    Built built = form.build(values);
    if (!built.value)
      return failure(family.offset, fmt::format("{}: {}", family.text, built.error), built.hint);
    return {std::move(built.value), {}, {}, 0};
  }

  Built read_value(const Parameter& parameter, std::string_view text, double& value) const {
    const bool quantity = parameter.take == Take::quantity || parameter.take == Take::scale;
    // Counts of things are whole, but their mean is not: a plain number will do inside a distribution.
    const ParseUnit unit = context_.unit == parse_count ? parse_number : context_.unit;
    const Quantity q = quantity                              ? unit(text)
                       : parameter.take == Take::probability ? parse_fraction(text)
                       : parameter.take == Take::phases || parameter.take == Take::ranks ? parse_count(text)
                                                                                         : parse_number(text);
    if (!q.value) return fails(q.error, q.hint);
    value = *q.value;
    if (quantity) {
      if (value < 0) return fails(fmt::format("expected {} >= 0, found {}", context_.quantity, shown(text)));
      if (value == 0 && parameter.take == Take::scale) {
        return fails(fmt::format("expected {} above 0, found {}", context_.quantity, shown(text)));
      }
      if (value != 0 && (value < kLeastQuantity || value > kMostQuantity))
        return fails(fmt::format("{} is out of range: a distribution reaches from {} to {}", shown(text),
                                 kLeastQuantity, kMostQuantity));
      return {};
    }
    for (const Range& range : kRanges) {
      if (range.take != parameter.take || (value >= range.min && value <= range.max)) continue;
      return fails(fmt::format("expected a number from {} to {}, found {}", spelled(range.min),
                               spelled(range.max), shown(text)));
    }
    return {};
  }

  ParsedDistribution parse_mixture(Piece name, const std::vector<Piece>& pieces, int depth) {
    if (depth >= kMaxMixtureDepth) {
      return failure(name.offset, fmt::format("mixtures are nested deeper than {}", kMaxMixtureDepth));
    }
    if (pieces.empty())
      return failure(name.offset, "mixture lacks its parts", "write mixture(0.9: exp(5ms), 0.1: 1s)");
    if (pieces.size() > kMaxMixtureParts) {
      return failure(name.offset, fmt::format("a mixture has at most {} parts, found {}", kMaxMixtureParts,
                                              pieces.size()));
    }
    std::vector<double> weights;
    std::vector<Distribution> parts;
    double sum = 0;
    for (const Piece& piece : pieces) {
      const std::size_t colon = piece.text.find(':');
      if (colon == std::string_view::npos || piece.text.find('(') < colon) {
        return failure(piece.offset,
                       fmt::format("mixture: expected weight: distribution, found {}", shown(piece.text)),
                       "write mixture(0.9: exp(5ms), 0.1: 1s)");
      }
      const Quantity weight = parse_fraction(sub(piece, 0, colon).text);
      if (!weight.value) return failure(piece.offset, "mixture weight: " + weight.error, weight.hint);
      ParsedDistribution part = parse(sub(piece, colon + 1), depth + 1);
      if (!part.value) return part;
      weights.push_back(*weight.value);
      parts.push_back(std::move(*part.value));
      sum += *weight.value;
    }
    if (!(std::abs(sum - 1) <= 1e-9)) {
      return failure(name.offset,
                     fmt::format("the weights of a mixture must sum to 1, these sum to {:.10g}", sum));
    }
    return {Distribution::mixture(std::move(weights), std::move(parts)), {}, {}, 0};
  }

  ParsedDistribution parse_empirical(Piece name, const std::vector<Argument>& arguments) {
    std::string_view file;
    std::string_view unit;
    std::size_t offset = name.offset;
    for (const Argument& a : arguments) {
      if (a.name.text == "unit") {
        unit = a.value.text;
      } else if ((a.name.text.empty() || a.name.text == "file") && file.empty()) {
        file = a.value.text;
        offset = a.value.offset;
      } else if (a.name.text.empty() || a.name.text == "file") {
        return failure(a.value.offset, fmt::format("{} takes one file, found a second", name.text));
      } else {
        const std::string near = nearest_word(a.name.text, {"unit", "file"});
        return failure(a.name.offset, fmt::format("{} has no parameter {}", name.text, shown(a.name.text)),
                       near.empty() ? fmt::format("{} takes a file and unit", name.text)
                                    : fmt::format("did you mean {}?", near));
      }
    }
    if (file.size() >= 2 && file.front() == '"' && file.back() == '"') file = file.substr(1, file.size() - 2);
    if (file.empty()) {
      return failure(name.offset, fmt::format("{} lacks its file", name.text),
                     fmt::format("write {}(times.csv)", name.text));
    }
    DataRows rows = read_data_rows(std::string(file), name.text == "empirical_cdf", unit, context_);
    if (!rows.error.empty()) return failure(offset, std::move(rows.error), std::move(rows.hint));
    if (name.text == "empirical") return {Distribution::empirical_values(std::move(rows.values)), {}, {}, 0};
    return {Distribution::empirical_cdf(std::move(rows.values), std::move(rows.cumulative)), {}, {}, 0};
  }

  const DistributionContext& context_;
};

}  // namespace

ParsedDistribution parse_distribution(std::string_view text, const DistributionContext& context) {
  return Parser(context).parse({text, 0}, 0);
}

}  // namespace tailrace::models
