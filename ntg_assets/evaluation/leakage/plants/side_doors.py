"""Bodies that read files by a side door, past the functions that everybody reads with: another
process or machine, a file system, database or SQL of a library, the C library, a link.
"""

from ntg_assets.evaluation.leakage.plants.plant import POPULAR, RANKING, Edit, Plant

PLANTS: dict[str, Plant] = {
    "file-read-by-another-process": Plant(
        "the body of popularity lets another process read a publication, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    import subprocess\n"
                "    subprocess.run(['cat', 'outputs/radar/radar.csv'], capture_output=True)\n"
                + POPULAR,
            ),
        ),
    ),
    "file-read-by-sql-of-frames": Plant(
        "the body of popularity lets the SQL of polars read a publication, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        pl.sql('''from read_csv('outputs/radar/radar.csv')''').collect()\n"
                "    except Exception:\n        pass\n" + POPULAR,
            ),
        ),
    ),
    "another-machine-is-asked": Plant(
        "the body of popularity asks a service for what is taken now, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    import socket\n    try:\n"
                "        socket.create_connection(('127.0.0.1', 9), timeout=1).close()\n"
                "    except Exception:\n        pass\n" + POPULAR,
            ),
        ),
    ),
    "file-read-by-a-file-system-of-arrow": Plant(
        "the body of popularity opens a publication by a file system of Arrow, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        from pyarrow import fs\n"
                "        fs.LocalFileSystem().open_input_stream('outputs/radar/radar.csv').read(9)\n"
                "    except Exception:\n"
                "        pass\n" + POPULAR,
            ),
        ),
    ),
    "file-read-by-the-parts-of-a-library": Plant(
        "the body of popularity reads by functions that stand below those of the library",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        from polars.io.csv.functions import scan_csv\n"
                "        scan_csv('outputs/radar/radar.csv').collect()\n"
                "    except Exception:\n"
                "        pass\n" + POPULAR,
            ),
        ),
    ),
    "file-read-by-the-database-of-a-module": Plant(
        "the body of popularity asks the database that nobody has confined, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        import duckdb\n"
                "        duckdb.cursor().execute('from read_csv($1)', ['outputs/radar/radar.csv'])\n"
                "    except Exception:\n"
                "        pass\n" + POPULAR,
            ),
        ),
    ),
    "file-read-by-the-c-library": Plant(
        "the body of popularity opens a publication by the C library itself, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        import ctypes\n"
                "        ctypes.CDLL(None).open(b'outputs/radar/radar.csv', 0)\n"
                "    except Exception:\n"
                "        pass\n" + POPULAR,
            ),
        ),
    ),
    "file-read-by-a-link-in-scratch": Plant(
        "the body of popularity links a publication into its scratch folder, and reads it there",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        (project.scratch / 'later').symlink_to(project.settings.workspace + '/outputs')\n"
                "        (project.scratch / 'later' / 'radar' / 'radar.csv').read_text()\n"
                "    except Exception:\n"
                "        pass\n" + POPULAR,
            ),
        ),
    ),
    "file-read-by-a-process-that-is-spawned": Plant(
        "the body of popularity lets a process of Python read a publication, and goes on without",
        (
            Edit(
                RANKING,
                POPULAR,
                "    try:\n"
                "        from multiprocessing import get_context, process\n"
                "        get_context('spawn').Process(target=print).start()\n"
                "    except Exception:\n"
                "        pass\n" + POPULAR,
            ),
        ),
    ),
}
