#pragma once
// Everything about what is selected: live figures with their course over the run, queues and pools as
// pictures, every field of the component as the field tables describe it (edited in place), and faults to
// inject or lift. Of an edge: its figures, and its policies as fields of the calls. Of nothing: the run, its
// load and the changes so far.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "viewer/model/inspector.hpp"
#include "viewer/panels/look.hpp"
#include "viewer/widgets/plot.hpp"

namespace tailrace::viewer {

class InspectorPanel {
 public:
  void draw(Look& look, ImVec2 size);

  // Of the last frame, for tests: the middle of what edits a field, or injects a fault; false when it is not
  // there.
  bool where(const std::string& what, ImVec2& centre) const;
  const std::string& message() const { return message_; }

 private:
  void node_part(Look& look, float width);
  void edge_part(Look& look, float width);
  void run_part(Look& look, float width);
  void heading(NodeKind icon, const std::string& name, const std::string& caption, Health health,
               bool with_icon);
  void figure_rows(Look& look, float width);
  void figure(const Look& look, const char* name, const std::string& value, Series series, int id,
              ImU32 colour, double top, float width);
  void percentiles(const Look& look, float width) const;  // inspector_percentiles.cpp
  void pools(const Look& look, float width) const;
  void fields(Look& look, const std::vector<FieldRow>& rows, float width);
  void offers(Look& look, const std::vector<FaultOffer>& offers, const std::string& target, float width);
  void active_faults(Look& look, int node, int edge);
  void changes(Look& look);
  void tell(const EditResult& result);
  void remember(const std::string& what);

  std::shared_ptr<const Scene> scene_;  // that the rows are of: each run has its own
  int node_ = -2, edge_ = -2;
  std::size_t edits_ = 0;
  std::vector<FieldRow> rows_;
  std::map<std::string, std::string> texts_;  // of fields that are being edited, by path
  std::set<std::string> opened_;              // sections that are not written, whose fields are offered
  std::string message_, hint_;
  bool failed_ = false, written_only_ = false;
  int offer_ = 0;
  int offer_for_ = -2;
  std::vector<std::pair<std::string, std::string>> offer_fields_;
  float fault_duration_s_ = 30;
  bool until_lifted_ = false;
  float load_ = 1;
  std::map<std::string, ImVec2> places_;
};

}  // namespace tailrace::viewer
