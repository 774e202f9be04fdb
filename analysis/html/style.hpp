#pragma once
// The style sheet of report.html: light and dark by the reader's setting, one column on a phone. Colours of
// data are Okabe and Ito's, which colour-blind readers tell apart; no meaning is in a colour alone.
namespace tailrace::analysis::html {

extern const char* const kStyleSheet;

}  // namespace tailrace::analysis::html
