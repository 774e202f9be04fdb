# Writes OUTPUT, a C++ file that holds the texts of the scenarios in FOLDER and of PATTERNS. Run by the build whenever one
# of them changes: cmake -DFOLDER=... -DPATTERNS=... -DOUTPUT=... -P embed.cmake
# In the order of the names, by which they are found: "saga" stands before "saga-timeout", unlike their files.
file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*.yaml)
list(TRANSFORM names REPLACE "\\.yaml$" "")
list(SORT names)

# Raw literals in pieces: one literal may not be arbitrarily long, and adjacent ones are joined.
function(literal path result)
  file(READ ${path} text)
  string(REPLACE "\n\n" "\n)yaml\"\n         R\"yaml(\n" text "${text}")
  set(${result} "R\"yaml(${text})yaml\"" PARENT_SCOPE)
endfunction()

set(code "// Made by scenarios/library/embed.cmake from the files of the library.\n")
string(APPEND code "#include \"scenarios/library/library.hpp\"\n\nnamespace tailrace::scenarios {\n\n")
string(APPEND code "const std::vector<LibraryScenario>& library() {\n  static const std::vector<LibraryScenario> all{\n")
foreach(name IN LISTS names)
  literal(${FOLDER}/${name}.yaml text)
  string(APPEND code "      {\"${name}\",\n       ${text}},\n")
endforeach()
string(APPEND code "  };\n  return all;\n}\n\n")
literal(${PATTERNS} text)
string(APPEND code "std::string_view patterns_text() {\n  return ${text};\n}\n\n}  // namespace tailrace::scenarios\n")
file(WRITE ${OUTPUT} "${code}")
