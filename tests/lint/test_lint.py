# SPDX-License-Identifier: Apache-2.0
"""Can each lint say no? A small sound tree passes all of them; one planted fault at a time must be found."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "/* SPDX-License-Identifier: Apache-2.0 */\n"
SOUND = {
    "src/LAYERS": "base : :\njson : base : jansson.h\nhttp : base json : gnutls/\n",
    "src/base/README.md": "base\n",
    "src/json/README.md": "See `src/LAYERS`.\n",
    "src/http/README.md": "http\n",
    "include/sanjeh/base/a.h": HEAD + "#ifndef A_H\n#define A_H\n#include <stddef.h>\nsize_t sj_a(void);\n#endif\n",
    "src/base/a.c": HEAD + '#include "sanjeh/base/a.h"\n#include <stdlib.h>\n\nsize_t sj_a(void)\n{\n'
                           '    free(NULL);\n    return 0;\n}\n',
    "src/json/b.c": HEAD + '#include "b_priv.h"\n#include "sanjeh/base/a.h"\n#include <jansson.h>\n',
    "src/json/b_priv.h": HEAD,
    "server/main.c": HEAD + '#include "sanjeh/base/a.h"\n',
    "tests/test_a.py": "# SPDX-License-Identifier: Apache-2.0\n",
    "tests/lint/banned.allow": "# none\n",
    "server/main_sanjeh.c": HEAD + 'const char *a = "usage: sanjeh key make --config FILE [--json]"\n'
                                   '                "\\n\\nAs --other does.\\n";\n',
    "server/main_verify.c": HEAD + 'const char *c = "Usage: sanjeh-verify FILE --policy FILE\\n";\n',
    "server/main_sanjehd.c": HEAD + 'const char *d = "usage: sanjehd --config FILE\\n";\n',
    "server/main_witness.c": HEAD + 'const char *e = "usage: sanjeh-witness --config FILE\\n";\n',
    "docs/man/sanjeh-witness.8": ".B \\-\\-config\n",
    "docs/man/sanjeh.1": '.BI "key make \\-\\-config " FILE\n.B \\-\\-json\n',
    "docs/man/sanjeh-verify.1": ".B \\-\\-policy\n",
    "docs/man/sanjehd.8": ".B \\-\\-config\n",
    "README.md": "[security](SECURITY.md)\n",
    "SECURITY.md": "| claim | test |\n|---|---|\n| it holds | `tests/test_a.py` |\n",
    ".clang-format": "BasedOnStyle: LLVM\nIndentWidth: 4\nBreakBeforeBraces: Linux\nSortIncludes: Never\n",
}


def write(root, name, text):
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def lint(name, root):
    extra = [root] if name in ("headers", "layers") else []
    result = subprocess.run([sys.executable, os.path.join(HERE, name + ".py"), root, *extra],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return result.returncode, result.stdout


class Lints(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = self.folder.name
        for name, text in SOUND.items():
            write(self.root, name, text)

    def tearDown(self):
        self.folder.cleanup()

    def finds(self, name, path, text, said):
        """The sound tree passes; with the file changed the lint fails and says why."""
        code, output = lint(name, self.root)
        self.assertEqual(code, 0, output)
        write(self.root, path, text)
        code, output = lint(name, self.root)
        self.assertEqual(code, 1, output)
        self.assertIn(said, output)

    def test_layers_finds_upward_include(self):
        self.finds("layers", "src/base/a.c", '#include "sanjeh/json/x.h"\n', "'base' may not include 'json'")

    def test_layers_finds_wrong_door(self):
        self.finds("layers", "src/http/c.c", "#include <jansson.h>\n", "has no door into 'http'")

    def test_layers_finds_third_party_in_server(self):
        self.finds("layers", "server/main.c", "#include <gnutls/gnutls.h>\n", "has no door into 'server'")

    def test_layers_finds_unknown_library(self):
        self.finds("layers", "src/base/a.c", "#include <curl/curl.h>\n", "has no door")

    def test_layers_finds_private_header_of_another(self):
        self.finds("layers", "src/http/c.c", '#include "b_priv.h"\n', "no header of this folder")

    def test_layers_finds_way_out_of_the_folder(self):
        self.finds("layers", "src/http/c.c", '#include "../json/b_priv.h"\n', "leaves its folder")

    def test_layers_finds_circle(self):
        self.finds("layers", "src/LAYERS", "base : json :\njson : base : jansson.h\n", "does not stand above")

    def test_layers_ignores_comments(self):
        write(self.root, "src/base/a.c", '/*\n#include "sanjeh/json/x.h"\n*/\n')
        self.assertEqual(lint("layers", self.root)[0], 0)

    def test_headers_finds_one_that_needs_another(self):
        self.finds("headers", "include/sanjeh/base/a.h", "size_t sj_a(void);\n", "does not compile alone")

    def test_headers_finds_missing_guard(self):
        self.finds("headers", "include/sanjeh/base/a.h", "struct sj_a {\n    int a;\n};\n", "does not compile alone")

    def test_man_finds_what_only_the_help_says(self):
        self.finds("man", "docs/man/sanjeh.1", '.BI "key make \\-\\-config " FILE\n', "--json is in the help of sanjeh only")

    def test_man_finds_what_only_the_page_says(self):
        self.finds("man", "docs/man/sanjehd.8", ".B \\-\\-config \\-\\-old\n", "--old is in the page of sanjehd only")

    def test_man_finds_missing_command(self):
        self.finds("man", "docs/man/sanjeh.1", ".B \\-\\-config \\-\\-json\n", "'key make' of server/main_sanjeh.c is missing")

    def test_banned_finds_raw_call(self):
        self.finds("banned", "src/json/b.c", "void *x(void)\n{\n    return malloc(1);\n}\n", "1 raw memory calls")

    def test_banned_ignores_comments_strings_and_longer_names(self):
        write(self.root, "src/json/b.c", '/* free(x) */ const char *a = "malloc(1)"; int b = sj_free(1);\n')
        self.assertEqual(lint("banned", self.root)[0], 0)

    def test_banned_finds_goto(self):
        self.finds("banned", "tests/x.c", "void x(void)\n{\n    goto end;\nend:\n    return;\n}\n", "goto")

    def test_banned_count_must_fall_in_the_list_too(self):
        self.finds("banned", "tests/lint/banned.allow", "src/json/b.c 2\n", "lower the 2")

    def test_sizes_finds_long_function(self):
        self.finds("sizes", "src/json/b.c", "int x(void)\n{\n" + "    ;\n" * 68 + "}\n", "x has 71 lines")

    def test_sizes_finds_long_file(self):
        self.finds("sizes", "src/json/b.c", "\n" * 601, "601 lines")

    def test_format_finds_other_layout(self):
        self.finds("format", "src/json/b.c", "int x( void ){ return 0;}\n", "not as clang-format-14 writes it")

    def test_sql_finds_statement(self):
        self.finds("sql", "src/json/b.c", 'const char *x = "SELECT a "\n    "FROM b";\n', "SQL in C")

    def test_sql_finds_lower_case(self):
        self.finds("sql", "server/main.c", 'const char *x = "delete from judge where id=";\n', "SQL in C")

    def test_sql_lets_sentences_pass(self):
        write(self.root, "src/json/b.c", 'const char *x = "Select a unit";\nconst char *y = "could not insert";\n')
        self.assertEqual(lint("sql", self.root)[0], 0)

    def test_words_finds_missing_licence(self):
        self.finds("words", "src/json/b.c", "int x;\n", "no SPDX line")

    def test_words_finds_note(self):
        self.finds("words", "src/json/b.c", HEAD + "/* TO" + "DO */\n", "'TO" + "DO'")

    def test_docs_finds_dead_link(self):
        self.finds("docs", "README.md", "[a](docs/none.md)\n", "link to 'docs/none.md'")

    def test_docs_finds_dead_path(self):
        self.finds("docs", "README.md", "see `src/none.c`\n", "names 'src/none.c'")

    def test_docs_finds_module_without_readme(self):
        os.makedirs(os.path.join(self.root, "src", "unit"))
        self.finds("docs", "src/LAYERS", SOUND["src/LAYERS"] + "unit : base :\n", "has no README.md")

    def test_docs_finds_claim_without_test(self):
        self.finds("docs", "SECURITY.md", "| claim | test |\n|---|---|\n| a | hope |\n", "names no test")

    def test_docs_finds_claim_with_lost_test(self):
        self.finds("docs", "SECURITY.md", "| claim | test |\n|---|---|\n| a | `tests/gone.py` |\n", "is no test")


if __name__ == "__main__":
    unittest.main()
