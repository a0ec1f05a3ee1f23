"""What programs print when something fails: data about texts, codes and exceptions."""
