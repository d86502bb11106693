"""An authority of a test's own, and the certificates it has signed."""

import subprocess


class Authority:
    def __init__(self, directory):
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.certificate, self._key = self._paths("authority")
        self._openssl("req", "-x509", *self._new_key(self._key), "-days", "1",
                      "-subj", "/CN=authority", "-addext",
                      "keyUsage=critical,keyCertSign,cRLSign",
                      "-out", self.certificate)

    def issue(self, name, subject_alt_name=None, days=1):
        """(certificate, key) for e.g. "DNS:cache.example,IP:127.0.0.1"."""
        certificate, key = self._paths(name)
        request, extensions = self._paths(name + ".request")
        with open(extensions, "w") as file:
            if subject_alt_name:
                file.write(f"subjectAltName={subject_alt_name}\n")
        self._openssl("req", *self._new_key(key), "-subj", f"/CN={name}",
                      "-out", request)
        self._openssl("x509", "-req", "-in", request, "-days", str(days),
                      "-CA", self.certificate, "-CAkey", self._key,
                      "-CAcreateserial", "-extfile", extensions,
                      "-out", certificate)
        return certificate, key

    def _paths(self, name):
        return (str(self._directory / f"{name}.crt"),
                str(self._directory / f"{name}.key"))

    @staticmethod
    def _new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", path]

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True,
                       capture_output=True)
