"""What was found, kept on the disk between runs: data only, keyed by content.

``folder`` is where it lies, ``stamp`` what of gradsafe itself decides the results, ``packing`` turns frozen data into JSON and back,
``world`` is what a result rests on, and ``store`` the results of files.
"""
