# Writes FILE, the commit of the checkout SOURCE, "+" behind it where files are changed; empty where there is no git.
# FILE is only touched when its text changes, so nothing is compiled anew for nothing.
#   cmake -DSOURCE=... -DFILE=... -P commit.cmake
set(commit "")
if(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit ERROR_QUIET
                  RESULT_VARIABLE failed OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed)
    set(commit "")
  else()
    # Not diff-index, which takes a file for changed that was only touched or copied.
    execute_process(COMMAND git -C ${SOURCE} --no-optional-locks diff --quiet HEAD -- RESULT_VARIABLE changed
                    ERROR_QUIET)
    if(changed)
      string(APPEND commit "+")
    endif()
  endif()
endif()
set(text "#pragma once\n\nnamespace tailrace::cli {\n\ninline constexpr const char* kCommit = \"${commit}\";\n\n}\n")
set(there "")
if(EXISTS ${FILE})
  file(READ ${FILE} there)
endif()
if(NOT text STREQUAL there)
  file(WRITE ${FILE} "${text}")
endif()
